"""A run: many images sent at full speed or at a rate by a process of its own, and its report."""
