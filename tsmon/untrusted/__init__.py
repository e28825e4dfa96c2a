"""The border: text, files and JSON that others wrote, made harmless before anything uses them."""
