"""Tests of what stands in workers."""
