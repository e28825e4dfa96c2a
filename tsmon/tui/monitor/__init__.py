"""The monitor's own screen: what it shows, and what can be done on it."""
