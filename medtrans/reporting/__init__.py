"""Scores → one page one can send: tables, pictures, curves, and where everything came from."""
