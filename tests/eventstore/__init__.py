"""Tests of the room `eventstore`."""
