"""Where a secret stands in a text."""

from __future__ import annotations

Span = tuple[int, int, str]
"""Start, end and kind of a secret."""
