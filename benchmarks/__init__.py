"""Measurements of what tsmon costs; each module runs by itself and prints a table."""
