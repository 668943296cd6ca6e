"""The network, built from its settings."""
