"""The Textual app: its parts, and how they reach the terminal."""
