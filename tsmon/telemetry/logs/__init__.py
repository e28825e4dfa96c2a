"""Reading of TorchServe's log files: new lines as they come, and what single lines tell."""
