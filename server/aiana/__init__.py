"""Aiana: the memory of every coding assistant on the machine, inside every editor."""

__version__ = "0.1.0"
