"""The whole of Strongroom as `strongroom up` starts it, seen from outside: over HTTP, in its folder, in its logs."""
