"""Examines a server and this machine, and says how to mend what is wrong."""
