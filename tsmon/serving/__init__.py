"""Makes a server exist: the archive, its configuration, a TorchServe process on this machine."""
