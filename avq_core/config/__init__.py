"""Every setting of model, optimiser, training and data; importable without torch."""
