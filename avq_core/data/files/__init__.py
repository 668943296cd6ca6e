"""Reads untrusted data files into validated samples, and writes them."""
