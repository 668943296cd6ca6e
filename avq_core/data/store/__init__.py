"""The prepared data on disk: written once, memory-mapped, keyed by content and settings."""
