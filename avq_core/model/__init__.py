"""The network and its parts, built from `ModelConfig`."""
