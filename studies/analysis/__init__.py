"""Analyses of finished trials: hyperparameter importance, effects of task weights, pruning check."""
