"""Taking in an export: an archive that comes in order, into an account that is empty."""
