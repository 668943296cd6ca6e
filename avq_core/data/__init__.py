"""From an untrusted file to a memory-mapped, train-fitted, checked data set."""
