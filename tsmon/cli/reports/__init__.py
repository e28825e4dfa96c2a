"""What commands print: words, tables and JSON."""
