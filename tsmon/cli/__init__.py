"""The commands: arguments in, data on stdout, talk on stderr; no Textual but for the monitor."""
