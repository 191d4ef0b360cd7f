"""What cosines of a model mean: what all its vectors share, and what chance makes of the rest.

The vectors of some models (e5, gte) fill a narrow cone: two texts that have nothing to do with each
other still have a cosine of 0.8. Without their mean they tell such texts apart as others do.
Source: Mu and Viswanath, All-but-the-Top, ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings.manifest import Calibration, Prompts
from aiana.embeddings.samples import UNLIKE

Vectors = NDArray[np.float32]

CENTRED_FROM = 0.7
"""Length of the mean of unlike texts' vectors: all-MiniLM-L6-v2 has 0.30, e5 0.90."""
CHANCE = 0.9
"""Part of the pairs of unlike texts that are less alike than `least_cosine`."""


def calibrate(embed: Callable[[Sequence[str]], Vectors], prompts: Prompts) -> Calibration:
    """From unlike texts, as queries and as what these may find; `embed` gives their vectors."""
    queries = passages = embed([prompts.passage + text for text in UNLIKE])
    if prompts.query != prompts.passage:
        queries = embed([prompts.query + text for text in UNLIKE])
    centres: list[list[float]] = [[], []]
    if np.linalg.norm(passages.mean(axis=0)) >= CENTRED_FROM:
        centres = [queries.mean(axis=0).tolist(), passages.mean(axis=0).tolist()]
        queries, passages = centred(queries, centres[0]), centred(passages, centres[1])
    unlike = (queries @ passages.T)[~np.eye(len(queries), dtype=bool)]
    return Calibration(
        query_centre=centres[0],
        passage_centre=centres[1],
        least_cosine=round(float(np.quantile(unlike, CHANCE)), 3),
    )


def centred(vectors: Vectors, centre: list[float]) -> Vectors:
    """`vectors` without what they have in common, of length 1 again."""
    return normalised(vectors - np.asarray(centre, np.float32))


def normalised(vectors: Vectors) -> Vectors:
    """`vectors` themselves, made of length 1 where they have any."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, norms, out=vectors, where=norms > 0)
    return vectors
