"""Every series that a server publishes: what it is, its value, its growth, its past."""
