"""TorchServe's HTTP and gRPC APIs, spoken by one client each; nothing here knows of screens."""
