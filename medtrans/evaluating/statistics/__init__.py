"""Statistics over subjects: summaries, intervals, paired tests, ranks, agreement."""
