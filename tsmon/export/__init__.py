"""Files with which Prometheus, Grafana, Docker Compose and Kubernetes watch TorchServe."""
