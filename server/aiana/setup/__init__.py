"""Writes Aiana into the configuration of assistants and editors, and takes it out again."""
