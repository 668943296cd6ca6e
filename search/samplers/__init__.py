"""Samplers: which point of the space the next trial tries."""
