"""Tests of what is measured and logged."""
