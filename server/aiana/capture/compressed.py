"""Reads what other programs compressed with zstd: Python's own decoder, or that of `zstandard`."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import IO, Any

from aiana.errors import UnreadableFile
from aiana.invocation import unavailable

MAGIC = b"\x28\xb5\x2f\xfd"
LARGEST = 256 << 20
"""Bytes of the largest text that is unpacked in one piece."""
_STEP = 4096
"""Compressed bytes that are unpacked at once."""
_OWN, _PACKAGE = "compression.zstd", "zstandard"


@cache
def is_readable() -> bool:
    """Whether there is a decoder."""
    return sys.version_info >= (3, 14) or find_spec(_PACKAGE) is not None


def unpacked(data: bytes) -> bytes:
    """A text that was compressed.

    Raises ValueError if it is damaged or too long, UnreadableFile if there is no decoder.
    """
    with opened(io.BytesIO(data)) as stream:
        text: bytes = stream.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError(f"it is longer than {LARGEST >> 20} MiB")
    return text


def opened(file: IO[bytes]) -> Any:
    """The text of a compressed file as a stream, which raises ValueError where it is damaged.

    Raises UnreadableFile if there is no decoder.
    """
    return io.BufferedReader(_Stream(file, *_decoder()), 1 << 20)


def _decoder() -> tuple[Callable[[], Any], type[Exception]]:
    """What makes a decoder of one frame, and the error that it raises."""
    if sys.version_info >= (3, 14):
        own = import_module(_OWN)
        return own.ZstdDecompressor, own.ZstdError
    try:
        package = import_module(_PACKAGE)
    except ImportError as error:
        raise UnreadableFile(f"It is compressed. {unavailable(_PACKAGE, error)}") from None
    return package.ZstdDecompressor().decompressobj, package.ZstdError


class _Stream(io.RawIOBase):
    """The text of one frame after the other, as a program leaves them that goes on with a file."""

    def __init__(self, file: IO[bytes], decoder: Callable[[], Any], error: type[Exception]) -> None:
        self._file = file
        self._new = decoder
        self._error = error
        self._frame: Any = None
        self._packed = b""
        self._text = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._text:
            self._text = self._unpack()
        data, self._text = self._text[: len(buffer)], self._text[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _unpack(self) -> bytes:
        """The next piece of the text; none at its end."""
        while packed := self._packed or self._file.read(_STEP):
            if self._frame is None:
                self._frame = self._new()
            try:
                text: bytes = self._frame.decompress(packed)
            except (self._error, EOFError) as error:
                raise ValueError(f"it is damaged: {error}") from None
            self._packed = b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
            if text:
                return text
        if self._frame is not None:
            raise ValueError("it is cut off")
        return b""
