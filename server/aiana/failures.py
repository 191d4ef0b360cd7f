"""Every failure as what a client is told: a number, a sentence, and what programs tell it by."""

from __future__ import annotations

import errno
import logging
from typing import Any, NamedTuple

from aiana.errors import AianaError, InvalidParams, InvalidQuery
from aiana.protocol import codes

logger = logging.getLogger(__name__)


class Failure(NamedTuple):
    """An error of JSON-RPC."""

    code: int
    message: str
    data: dict[str, Any] | None = None


def failure_of(error: BaseException) -> Failure:
    """What happened, for a client; what nobody expects is logged as well."""
    match error:
        case InvalidParams():
            return Failure(codes.INVALID_PARAMS, str(error), {"errors": error.errors})
        case InvalidQuery():
            return invalid_params(str(error))
        case AianaError():
            return _failed(error.kind, str(error))
        case RecursionError():
            return invalid_params("The params are nested too deeply.")
        case UnicodeError():
            return invalid_params("A text holds what cannot be written in UTF-8.")
        case OverflowError():
            return invalid_params("A number is larger than 64 bits hold.")
        case MemoryError():
            return _failed("tooLarge", "There is not enough memory for this. Ask for less.")
        case OSError(errno=errno.ENAMETOOLONG):
            return invalid_params("A path is longer than this system allows.")
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return _failed("storageUnavailable", f"{where}{error.strerror or 'it failed'}.")
    logger.error("A request failed unexpectedly", exc_info=error)
    name = type(error).__name__
    return Failure(
        codes.INTERNAL_ERROR,
        f"Aiana failed unexpectedly ({name}). The log says more; please report it.",
    )


def invalid_params(reason: str) -> Failure:
    return Failure(codes.INVALID_PARAMS, reason, {"errors": [f"$: {reason}"]})


def _failed(kind: str, message: str) -> Failure:
    return Failure(codes.REQUEST_FAILED, message, {"kind": kind})
