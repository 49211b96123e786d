"""Losses: adversarial and masked. Equations of tensors; no weights, no state."""
