"""What a process needs of the machine it runs on: settings, folders, locks, children, room, logging."""
