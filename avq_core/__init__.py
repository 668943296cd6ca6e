"""The core trainer: from a data file to a trained model. Knows nothing of Optuna."""
