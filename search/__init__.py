"""The search itself: plan, suggest, objective, pruner, workers, confirmation, command line."""
