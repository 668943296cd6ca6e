"""Results of a study as tables and sentences."""
