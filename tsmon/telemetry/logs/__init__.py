"""What TorchServe's log files show: request times, counters, worker states and exits, causes."""
