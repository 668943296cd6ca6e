"""Pruning rules compared by replaying trials whose whole curves are known."""
