"""The vectors in a Qdrant server: a copy of those in SQLite, at scale and for teams."""

from aiana.storage.qdrant.storage import QdrantStorage

__all__ = ["QdrantStorage"]
