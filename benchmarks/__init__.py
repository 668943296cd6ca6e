"""What measures the product; README.md says which program answers which question."""
