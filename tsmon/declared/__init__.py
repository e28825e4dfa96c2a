"""What a server is to serve, as a file: written down, compared, and carried out."""
