"""Auditing: is what a translation shows true? Lesions that it removes or invents."""
