"""Batches: files to files. The plan, the ledger, resuming and the sidecar of a translation."""
