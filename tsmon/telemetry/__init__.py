"""Turns scrapes and descriptions into rates, milliseconds per request and snapshots; no screens."""
