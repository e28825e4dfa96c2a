"""Verdicts on workers and models, each with its evidence."""
