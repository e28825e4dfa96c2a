"""A Prometheus server as a source: what it scraped from TorchServe, read through its HTTP API."""
