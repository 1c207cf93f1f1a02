"""What a person reads back: rows opened into views, now, at a past moment, and as a stream."""
