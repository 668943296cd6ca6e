"""What is kept of a search: storage, records, and what is shown and exported of them."""
