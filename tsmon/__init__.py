"""tsmon: the terminal monitor for TorchServe."""

__version__ = "0.1.0"
