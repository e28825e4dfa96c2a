"""How numbers, states and findings are put into words."""
