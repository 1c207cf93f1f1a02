"""Tests of opening media."""
