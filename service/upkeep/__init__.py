"""What is done beside the requests: sweeping, projecting, taking stock, rotating keys."""
