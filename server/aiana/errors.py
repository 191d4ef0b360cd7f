"""Every error that a caller of Aiana can expect.

* AianaError
  * InvalidQuery          the request itself is wrong
    * InvalidParams       it is not of the shape that the protocol gives it
  * NotFound              no such session, memory or preference
  * Conflict              it exists already, or somebody else is doing it
  * Excluded              the settings say that it is not to be remembered
  * TooLarge              more text than is accepted in one piece
  * StorageUnavailable    the data folder cannot be read or written
    * ReadOnly            it can be read but not written
  * TierUnavailable       Redis or Qdrant does not answer, or not as it should
  * ModelUnavailable      no embedding model; keyword search still works
  * UnreadableFile        a file is none, or no transcript, or its text cannot be read

Messages are written for the person who reads them: what happened, why, what to do.
"""

from __future__ import annotations


class AianaError(Exception):
    """Base of all expected failures; `kind` is what travels as `data.kind` on the wire."""

    kind = "failed"


class InvalidQuery(AianaError):
    """The request cannot be carried out as it was put."""

    kind = "invalidParams"


class InvalidParams(InvalidQuery):
    """What was sent does not have the shape that it must have; `errors` lists `path: reason`."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class NotFound(AianaError):
    """Nothing has that identifier. `reason` is the message without the way out of it, which another
    door may put in words of its own."""

    kind = "notFound"

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason} {remedy}" if remedy else reason)
        self.reason = reason


class Conflict(AianaError):
    """The change contradicts what is stored, or another process is making it."""

    kind = "conflict"


class Excluded(AianaError):
    """The settings say that nothing of this project, folder or assistant is remembered."""

    kind = "excluded"


class TooLarge(AianaError):
    """The text is larger than Aiana accepts in one piece."""

    kind = "tooLarge"


class StorageUnavailable(AianaError):
    """The database cannot be opened, read or written."""

    kind = "storageUnavailable"


class ReadOnly(StorageUnavailable):
    """The database can be read but not written."""

    kind = "readOnly"


class TierUnavailable(AianaError):
    """Redis or Qdrant does not answer, or holds what does not fit."""

    kind = "tierUnavailable"


class ModelUnavailable(AianaError):
    """No embedding model is installed, or it cannot be loaded."""

    kind = "modelUnavailable"


class UnreadableFile(AianaError):
    """A file is no regular one, or no transcript of the assistant it was taken for, or no text."""
