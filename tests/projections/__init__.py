"""The read tables, tested with real files."""
