"""The door for the queue: Dramatiq actors and the relay that feeds them."""
