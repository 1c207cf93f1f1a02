"""Resumable uploads: the protocol on the real server, its faults, and the clients that people use."""
