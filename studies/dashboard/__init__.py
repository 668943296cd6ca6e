"""optuna-dashboard for all studies at once, extended by notes, pictures and plots."""
