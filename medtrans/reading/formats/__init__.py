"""File formats: NIfTI, and the formats of ITK."""
