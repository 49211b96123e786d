"""Images of cases: slices, display windows, tiles as PNG, and volumes for the viewer."""
