"""Reports events outside of the screen: to commands, to URLs, to the terminal around it."""
