"""Report: one self-contained HTML page with scores, images, training curves, methods text and provenance."""
