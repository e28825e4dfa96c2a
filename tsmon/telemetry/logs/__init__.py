"""What TorchServe's log files tell: request times, counters, worker states and exits, causes."""
