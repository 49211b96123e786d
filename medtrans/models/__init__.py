"""Model folders: configuration, weights and card of a trained model."""
