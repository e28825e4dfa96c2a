"""What requests carry: files, lines of files and texts, and what they are put into."""
