"""Backups: taken while everything goes on, and put back after everything has been checked."""
