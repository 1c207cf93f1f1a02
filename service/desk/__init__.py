"""Where requests are served: what one event loop shares between them."""
