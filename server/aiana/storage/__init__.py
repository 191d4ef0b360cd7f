"""Where everything is kept. `AianaStorage` is SQLite, which holds all of it."""

from aiana.storage.sqlite import AianaStorage, Stats

__all__ = ["AianaStorage", "Stats"]
