"""The search: plan, samplers, objective, pruners, workers, confirmation, command line."""
