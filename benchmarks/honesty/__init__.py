"""How honest the numbers are that a study ends with, in simulated studies whose truth is known."""
