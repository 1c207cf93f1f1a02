"""What every process works with: the house, who asks, facts, keys for one request, and what must happen once."""
