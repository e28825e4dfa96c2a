"""Digit images: finding, reading and labelling them; no screens."""
