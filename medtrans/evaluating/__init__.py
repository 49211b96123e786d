"""Evaluation: metrics of translations against targets, baselines, statistics and verdicts."""
