"""The findings of the data audit: errors, warnings and notes, and what to do about each."""
