"""Core: records and base classes that all packages use. No files, no optimisers; only `core.method` imports torch."""
