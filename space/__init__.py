"""What may be searched: typed parameters, validated spaces, presets. Needs neither Optuna nor torch."""
