"""Reading: files, formats, names and cohorts become volumes and cases, and back."""
