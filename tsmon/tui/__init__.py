"""The monitor: a Textual app that shows snapshots and turns keys into calls of the lower layers."""
