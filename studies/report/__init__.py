"""`python -m studies.report`: a study as one page."""
