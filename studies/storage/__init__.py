"""How a study is opened, locked and shared."""
