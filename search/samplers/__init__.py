"""Where in the space the next trial lies."""
