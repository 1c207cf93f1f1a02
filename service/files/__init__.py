"""Chats, messages and files: the deciders' shell, and the bytes of what is stored."""
