"""Registration: the transform from one image to another of the same person, and whether it can be trusted."""
