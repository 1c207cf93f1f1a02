"""The HTTP door: Falcon's ASGI app, its resources, and problem+json."""
