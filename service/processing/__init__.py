"""Jobs: what workers make of a received file."""
