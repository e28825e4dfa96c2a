"""More than one server: which there are, how each is reached, and all of them at a glance."""
