"""What the project is made with, and no part of tsmon."""
