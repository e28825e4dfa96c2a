"""TorchServe's log files: their names, where they are, their lines as they are written."""
