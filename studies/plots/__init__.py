"""Plots of a study: each module has a pure function from the study's record to a Plotly figure."""
