"""The child's side: the only place that lets FFmpeg and Pillow see a stranger's bytes. Run by `serving.Child`."""
