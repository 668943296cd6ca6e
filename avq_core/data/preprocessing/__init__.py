"""Preprocessing, fitted on the train split and applied to every split."""
