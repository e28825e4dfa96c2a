"""Dies while it is loaded."""

raise ImportError("the handler died at its import")
