"""Limits on the numbers of models: which hold, and for how long they have."""
