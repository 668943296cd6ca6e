"""Training: the loop, its parts, and trained models on disk."""
