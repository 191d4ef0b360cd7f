"""What comes in on standard input, message by message."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from aiana.lsp.framing import Frames

logger = logging.getLogger(__name__)

_READ_BYTES = 64 * 1024


def read_messages(descriptor: int, take: Callable[[Any], None]) -> None:
    """Hand over each message that comes in, one after the other, until the input ends."""
    frames = Frames()
    try:
        while data := os.read(descriptor, _READ_BYTES):
            for message in frames.feed(data):
                take(message)
    except OSError as error:
        logger.warning("Standard input cannot be read any more: %s", error.strerror)
