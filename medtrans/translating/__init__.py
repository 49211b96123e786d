"""Translation: a volume becomes a volume, by a trained model or an ensemble."""
