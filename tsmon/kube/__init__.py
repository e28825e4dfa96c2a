"""Asks the `kubectl` command; knows nothing of TorchServe."""
