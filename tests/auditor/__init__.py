"""Somebody else's auditor: a checker of transparency logs, written from the public specifications alone.

It imports nothing of Strongroom, so that an error in how the log is made cannot repeat itself in how it is checked.
"""
