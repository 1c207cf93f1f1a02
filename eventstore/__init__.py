"""The append-only log: opaque records in streams, gap-free positions, durable when acknowledged. Knows no business."""
