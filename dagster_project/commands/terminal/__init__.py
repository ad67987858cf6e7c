"""How the command meets whoever typed it: options, names near to theirs, progress, exit codes."""
