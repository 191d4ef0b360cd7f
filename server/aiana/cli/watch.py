"""`aiana watch`."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from types import FrameType

import click

from aiana.capture.access import is_container, no_transcripts
from aiana.cli.capture import lacks_a_model
from aiana.cli.layout import fit, joined
from aiana.cli.output import json_option, opened, print_json, tell
from aiana.cli.terminal import Piece, say, width
from aiana.garbage import collect_as_usual
from aiana.projects import name_of
from aiana.protocol.results import Arrival, Failure
from aiana.service import Aiana
from aiana.text import counted

LOOK_S = 1.0
"""How often the store is asked for what another process has captured."""

News = SimpleQueue[Sequence[Failure] | None]
"""What failed in each transcript that this process has read; None where it is asked to end."""


@click.command()
@json_option
def watch(as_json: bool) -> None:
    """Capture what the assistants on this machine write while they write it, and say so.

    An editor that runs Aiana does the same; where one does already, this shows what comes, and
    takes over when the editor is closed. Ends with Ctrl-C. With --json, each line is one object.

    \b
    Examples:
      aiana watch
      aiana watch --json | jq .title
    """
    news: News = SimpleQueue()

    def end(number: int, frame: FrameType | None) -> None:
        news.put(None)

    # Whoever is asked to end finishes what is at hand.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, end)
    with opened() as aiana:
        if is_container() and not any(each.on_disk for each in aiana.capture_sources().sources):
            tell("warning", no_transcripts())
        lacks_a_model(aiana)
        _watch(aiana, news, as_json)


def _watch(aiana: Aiana, news: News, as_json: bool) -> None:
    collect_as_usual()
    _, newest = aiana.arrivals(None)
    aiana.watch(news.put)
    told: str | None = None
    while True:
        failures: Sequence[Failure] | None = ()
        with suppress(Empty):
            failures = news.get(timeout=LOOK_S)
        if failures is None:
            aiana.stop_watching()
        elif told in (None, "off") and (state := aiana.capture_state()).state != told:
            told = state.state
            if told != "off":
                tell("note", state.detail)
        arrived, newest = aiana.arrivals(newest)
        for each in arrived:
            _print(each, as_json)
        if failures is None:
            return
        for failure in failures:
            tell("warning", f"{failure.path}: {failure.reason}")


def _print(arrival: Arrival, as_json: bool) -> None:
    if as_json:
        print_json(arrival, on_one_line=True)
        return
    columns = width()
    time = datetime.now().strftime("%H:%M:%S")
    facts = [name_of(arrival.project), counted(arrival.messages, "message")]
    about = joined([arrival.source, *facts], columns)
    title = fit(arrival.title or arrival.id, columns and columns - 10)
    say(Piece(f"{time}  ", "dim"), Piece(title, "bold"))
    say(Piece(f"          {about}", "dim"))
    say(f"          {fit(arrival.text, (columns or 100) - 10)}")
