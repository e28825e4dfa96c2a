"""Takes the stills of docs/tour from a real run: a server, the digit model, a monitor, load."""
