"""Metrics of trained models with intervals, permutation importance, simple models, ensembles."""
