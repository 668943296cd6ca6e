"""What the finished trials tell of the settings and of the pruner."""
