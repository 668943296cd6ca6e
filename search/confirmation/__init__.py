"""The best trials trained again with fresh seeds and folds, and the test split."""
