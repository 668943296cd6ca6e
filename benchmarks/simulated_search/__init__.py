"""Whole searches compared on recorded curves, where each costs a second and not minutes."""
