"""What all results are."""

from __future__ import annotations

from msgspec import Struct


class Result(Struct, kw_only=True, rename="camel"):
    """Base of all results."""
