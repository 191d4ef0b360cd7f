"""lsprotocol's 550 classes in half the time: most of an editor's wait for the server."""

from __future__ import annotations

import functools

import attrs


def import_types() -> None:
    """Import lsprotocol's types without the `__eq__` and `__repr__` that nobody here asks for.

    attrs compiles each of these methods from source. Those that lsprotocol writes itself, such as
    the comparison of positions, stay.
    """
    define = attrs.define
    attrs.define = functools.partial(define, eq=False, repr=False, match_args=False)
    try:
        import lsprotocol.types  # noqa: F401
    finally:
        attrs.define = define
