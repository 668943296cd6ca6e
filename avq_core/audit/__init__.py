"""The data audit: the content of a data file, and the problems in it."""
