"""Examines a server and this machine, and says how to fix what is wrong."""
