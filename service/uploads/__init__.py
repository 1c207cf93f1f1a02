"""Receiving files: whole or piece by piece, until they are acknowledged."""
