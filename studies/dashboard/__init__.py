"""What `studies.dashboard` adds to optuna-dashboard: notes, pictures, plots, and all studies at once."""
