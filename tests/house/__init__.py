"""Tests of the house itself: its packages, its locks, its rules."""
