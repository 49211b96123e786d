"""Losses: functions of tensors, without weights and without state; one family per file."""
