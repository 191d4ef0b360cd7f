"""The language server: the door for every editor."""
