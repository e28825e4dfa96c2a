"""Lines of the log files and single requests, for a person to read."""
