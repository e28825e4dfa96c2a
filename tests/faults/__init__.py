"""The table of faults, and what holds each of its rows: a command and the monitor tried in it."""
