"""The same run at several worker counts, and what each of them costs and gives."""
