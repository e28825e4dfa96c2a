"""gRPC: its addresses, channels and errors."""
