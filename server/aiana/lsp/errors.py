"""Every failure as the error that a client is answered with."""

from __future__ import annotations

from typing import Any

from lsprotocol.types import ResponseError
from pygls.exceptions import JsonRpcException

from aiana.failures import failure_of
from aiana.lsp.decoding import Undecodable
from aiana.protocol import codes


def response_error(error: BaseException) -> ResponseError:
    """The error of the protocol that says what happened; what nobody expects is logged as well."""
    match error:
        case JsonRpcException():
            return ResponseError(error.code, str(error), _without_traceback(error.data))
        case Undecodable():
            return ResponseError(
                codes.INVALID_PARAMS, f"Invalid params: {error}", {"errors": error.errors}
            )
    return ResponseError(*failure_of(error))


def _without_traceback(data: Any) -> Any:
    return None if isinstance(data, dict) and "traceback" in data else data
