"""How a command starts, before the packages that do its work are imported."""
