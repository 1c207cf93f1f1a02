"""Signing the log: checkpoints, what they go on from, and cosignatures."""
