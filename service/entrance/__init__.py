"""Ways in and out: sessions, passwords, recovery, sealing."""
