"""Metrics of finished models, with intervals, and what they are compared with."""
