"""The digit recogniser: its network, its training, its evaluation and its sample pictures."""
