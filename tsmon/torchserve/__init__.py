"""TorchServe's three HTTP APIs, spoken by one client; nothing here knows of screens or commands."""
