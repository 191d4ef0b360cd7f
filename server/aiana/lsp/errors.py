"""Every failure as the error that a client is answered with."""

from __future__ import annotations

import errno
import logging
from typing import Any

from lsprotocol.types import ResponseError
from pygls.exceptions import JsonRpcException

from aiana.errors import AianaError, InvalidQuery
from aiana.lsp.decoding import Undecodable
from aiana.protocol import methods as wire

logger = logging.getLogger(__name__)


def response_error(error: BaseException) -> ResponseError:
    """The error of the protocol that says what happened; what nobody expects is logged as well."""
    match error:
        case JsonRpcException():
            return ResponseError(error.code, str(error), _without_traceback(error.data))
        case Undecodable():
            return ResponseError(
                wire.INVALID_PARAMS, f"Invalid params: {error}", {"errors": error.errors}
            )
        case InvalidQuery():
            return invalid_params(str(error))
        case AianaError():
            return ResponseError(wire.REQUEST_FAILED, str(error), {"kind": error.kind})
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
    return ResponseError(
        wire.INTERNAL_ERROR,
        f"Aiana failed unexpectedly ({name}). The log says more; please report it.",
    )


def invalid_params(reason: str) -> ResponseError:
    return ResponseError(wire.INVALID_PARAMS, reason, {"errors": [f"$: {reason}"]})


def _failed(kind: str, message: str) -> ResponseError:
    return ResponseError(wire.REQUEST_FAILED, message, {"kind": kind})


def _without_traceback(data: Any) -> Any:
    return None if isinstance(data, dict) and "traceback" in data else data
