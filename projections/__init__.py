"""Readable tables folded from the log, and their queries."""
