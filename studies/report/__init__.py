"""`python -m studies.report`: a study as one HTML page or as Markdown."""
