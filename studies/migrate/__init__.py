"""`python -m studies.migrate`: a study's trials under another space."""
