"""What the screens share and remember: sessions, jobs, choices, messages."""
