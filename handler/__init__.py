"""What runs inside TorchServe: the handler and the picture preparation that goes with it."""
