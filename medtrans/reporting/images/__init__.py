"""Images of the report: slices, layers, PNG and the volumes of the viewer."""
