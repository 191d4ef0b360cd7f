"""Whether a server answers: asked in the background, so that no request waits to find out."""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
from collections.abc import Callable

from aiana.errors import AianaError
from aiana.models import Degraded
from aiana.times import now

logger = logging.getLogger(__name__)

EVERY_S = 5.0
"""Between two looks at a server that answers."""
FIRST_RETRY_S = 0.5
LAST_RETRY_S = 15.0
"""Between two looks at a server that does not: twice as long each time, give or take a quarter."""
LAST_ANSWER_S = 1.0
"""What closing waits for an answer that is under way."""


class ServerLink:
    """A circuit breaker that closes by itself.

    `probe` asks the server and raises AianaError with the reason if it does not answer as it
    should, or cannot be told what it must know before it is used.
    """

    def __init__(
        self,
        tier: str,
        probe: Callable[[], None],
        every_s: float = EVERY_S,
        retry_s: float = FIRST_RETRY_S,
    ) -> None:
        self._tier = tier
        self._probe = probe
        self._every_s = every_s
        self._retry_s = retry_s
        self._failures = 0
        self._down: Degraded | None = None
        self._up = False
        self._asked = threading.Event()
        self._woken = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"aiana-{tier}", daemon=True)
        self._thread.start()

    @property
    def is_up(self) -> bool:
        """Whether the server answered when it was last asked."""
        return self._up

    @property
    def down(self) -> Degraded | None:
        """Why the server cannot be used; None if it can, or was not asked yet."""
        return self._down

    def wait(self, seconds: float) -> bool:
        """Wait until the server has been asked for the first time; returns whether it is up."""
        self._asked.wait(seconds)
        return self._up

    def failed(self, error: AianaError) -> None:
        """Use the server no more until it has answered again."""
        self._fail(str(error))
        self._woken.set()

    def ask(self) -> None:
        """Ask the server again soon."""
        self._woken.set()

    def close(self) -> None:
        """Ask no more; whoever asks just now may finish, within a second."""
        self._stopped = True
        self._up = False
        self._woken.set()
        self._thread.join(LAST_ANSWER_S)

    def _fail(self, reason: str) -> None:
        known = self._down
        self._up = False
        if known is None:
            logger.warning("%s is out of reach: %s", self._tier, reason)
        if known is None or known.reason != reason:
            since = now() if known is None else known.since
            self._down = Degraded(tier=self._tier, reason=reason, since=since)  # type: ignore[arg-type]

    def _run(self) -> None:
        while not self._stopped:
            self._ask()
            self._asked.set()
            self._woken.wait(self._pause())
            self._woken.clear()
            if not self._up and not self._stopped and not self._failures:
                # It failed a moment ago: asking again at once would say the same.
                self._woken.wait(self._retry_s)

    def _ask(self) -> None:
        try:
            self._probe()
        except AianaError as error:
            self._failures += 1
            self._fail(str(error))
        except Exception as error:
            logger.exception("%s could not be asked", self._tier)
            self._failures += 1
            self._fail(f"It could not be asked ({type(error).__name__}).")
        else:
            if self._down is not None:
                logger.warning("%s answers again", self._tier)
            self._failures = 0
            self._down = None
            self._up = not self._stopped

    def _pause(self) -> float:
        if not self._failures:
            return self._every_s
        pause = min(self._retry_s * 2.0 ** (self._failures - 1), LAST_RETRY_S)
        return pause * random.uniform(0.75, 1.25)


def reason_of(error: BaseException) -> str:
    """Why a connection failed, as the system says it; else the kind of the error.

    Never its words: those of a client quote what was sent and what came back.
    """
    import ssl

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, socket.gaierror):
            return "nobody knows its name"
        if isinstance(seen, ssl.SSLError):
            return "no secure connection can be made"
        if isinstance(seen, OSError) and seen.errno:
            return os.strerror(seen.errno).lower()
        if isinstance(seen, TimeoutError):
            return "no answer in time"
        inner = getattr(seen, "source", None)
        known = inner if isinstance(inner, BaseException) else None
        seen = known or seen.__cause__ or seen.__context__
    return type(error).__name__
