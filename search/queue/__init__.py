"""What is tried first, and what is tried again."""
