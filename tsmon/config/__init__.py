"""What people set once: the configuration files, their settings and what can be wrong with them."""
