"""Input gate: is this the kind of image that a model was trained with?"""
