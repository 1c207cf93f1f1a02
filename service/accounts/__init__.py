"""Accounts: how one is found, opened, begun, and what all of its ways in have in common."""
