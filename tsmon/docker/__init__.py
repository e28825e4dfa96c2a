"""Asks the `docker` command; knows nothing of TorchServe."""
