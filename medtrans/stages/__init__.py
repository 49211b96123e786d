"""Stages: one verb per file, as on the command line."""
