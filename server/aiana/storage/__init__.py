"""Where everything is kept. `AianaStorage` is SQLite, the truth."""

from aiana.storage.sqlite import AianaStorage, Stats

__all__ = ["AianaStorage", "Stats"]
