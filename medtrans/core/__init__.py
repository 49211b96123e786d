"""The words everything else speaks: no files, no optimisers. Only `core.method` knows torch."""
