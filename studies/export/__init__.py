"""`python -m studies.export`: configurations out of a study."""
