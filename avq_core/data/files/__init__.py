"""From a file that nobody trusts to validated samples in memory, and back."""
