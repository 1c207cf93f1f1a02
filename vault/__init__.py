"""Keys, sealed payloads, encrypted blobs and the encrypted spool."""
