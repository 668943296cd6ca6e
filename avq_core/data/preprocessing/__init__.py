"""What is fitted on train and applied to every split."""
