"""How far one set of volumes is from another, without partners: seen through an extractor, beside real halves."""
