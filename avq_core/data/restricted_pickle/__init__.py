"""A pickle reader that runs nothing."""
