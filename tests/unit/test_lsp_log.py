"""The log tells what happened and where, without what people wrote."""

from __future__ import annotations

import io
import logging

from aiana.lsp.log import DiscreetFormatter, SafeFormatter


def logged(formatter: logging.Formatter) -> str:
    logger = logging.Logger("test")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    try:
        try:
            int("what somebody wrote")
        except ValueError as error:
            raise KeyError("and somebody else") from error
    except KeyError:
        logger.exception("It failed")
    return stream.getvalue()


def test_exceptions_are_told_by_kind_and_place() -> None:
    told = logged(DiscreetFormatter()).splitlines()
    assert told[0] == "It failed"
    assert [line.partition(":")[0] for line in told[1:]] == [
        "  KeyError at test_lsp_log.py",
        "  ValueError at test_lsp_log.py",
    ]
    assert "somebody" not in "".join(told)


def test_log_traceback_on_request() -> None:
    assert "what somebody wrote" in logged(SafeFormatter())
