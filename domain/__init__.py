"""The rules: commands, events, decide and evolve. Pure: no I/O, no clock, no randomness."""
