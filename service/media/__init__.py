"""Opening what people send: media are parsed in a confined child process, never in one that holds keys."""
