"""What TorchServe does not export, for Prometheus."""
