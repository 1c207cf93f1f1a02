"""Everything of a person as one ZIP: `strongroom-export/1`, described in docs/export.md."""
