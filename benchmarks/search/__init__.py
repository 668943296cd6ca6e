"""The study benchmark: our search beside Optuna's and Ray Tune's on the same trials."""
