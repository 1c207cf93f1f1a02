"""Wiring and use cases: the only room where log, vault, projections and domain meet."""
