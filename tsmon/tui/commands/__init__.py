"""What can be typed after `:` and found in the palette."""
