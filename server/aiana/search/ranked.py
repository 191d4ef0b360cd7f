"""What a search found: documents in their order, and how each lane saw them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, overload

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from aiana.models import HitReasons, Lane

if TYPE_CHECKING:
    from aiana.search.ranking import Floats
    from aiana.storage.array_file import Ints


class Ranked(Struct, frozen=True):
    """A document that was found: its key, its score 0..1, and how each lane saw it."""

    key: int
    score: float
    scores: dict[str, float]
    lanes: list[Lane]
    why: HitReasons | None = None


class RankedRows(Sequence[Ranked]):
    """Hits that are made when they are looked at: most of 300 are not."""

    def __init__(
        self,
        keys: Ints,
        scores: Floats,
        recent: Floats,
        lanes: dict[Lane, tuple[NDArray[np.bool_], Floats]],
    ) -> None:
        self._keys, self._scores, self._recent, self._lanes = keys, scores, recent, lanes

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> Ranked: ...

    @overload
    def __getitem__(self, place: slice) -> list[Ranked]: ...

    def __getitem__(self, place: int | slice) -> Ranked | list[Ranked]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        seen: dict[str, float] = {"recency": float(self._recent[place])}
        found: list[Lane] = []
        for lane, (held, values) in self._lanes.items():
            value = float(values[place])
            if not isnan(value):
                seen[lane] = value
            if held[place]:
                found.append(lane)
        return Ranked(int(self._keys[place]), float(self._scores[place]), seen, found)
