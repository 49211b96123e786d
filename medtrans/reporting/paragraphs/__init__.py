"""Paragraphs of a methods text: one part of a run per file, each from the record of what was really used."""
