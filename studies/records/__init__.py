"""What is kept of a study: typed records, and the one place where they become JSON and come back."""
