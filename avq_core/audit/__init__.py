"""The data audit: what is in a file, and what about it should worry its owner."""
