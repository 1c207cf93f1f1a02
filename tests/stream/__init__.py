"""Tests of live updates: the stream, and how far processing has come."""
