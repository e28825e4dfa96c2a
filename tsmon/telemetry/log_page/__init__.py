"""Log lines and single requests, for a person to read."""
