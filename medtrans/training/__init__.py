"""Training: the loop, its settings, journal and checkpoints, for every method."""
