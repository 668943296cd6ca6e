"""What the data audit warns of, and how to mend it."""
