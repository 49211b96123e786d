"""Is one competitor better, do two agree, how surely? The subject is the unit."""
