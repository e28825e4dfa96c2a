"""Sends images to models and keeps score; no screens."""
