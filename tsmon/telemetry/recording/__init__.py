"""Observations in an SQLite file: written while watching, read back as a source."""
