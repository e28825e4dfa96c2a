"""What can be wrong with images."""

from __future__ import annotations


class ImageError(Exception):
    """A folder or file that cannot be read as images; `str()` says which and why."""
