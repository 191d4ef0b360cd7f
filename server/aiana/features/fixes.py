"""What fixed an error: the sessions in which it stood and went away, and what was done between."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct, field

from aiana.container import Container
from aiana.pattern import Pattern
from aiana.protocol.results import Fix, Fixes, Quoted
from aiana.protocol.uris import session_uri
from aiana.text import one_line

if TYPE_CHECKING:
    from aiana.complaints import Complaint
    from aiana.storage.outcomes import Event, Mention
    from aiana.touches.running import Run

_SHOWN_CHARS = 300
_MOST_SAID = 300
"""A longer prompt asks for something else, too."""
_MOST_TURNS = 100
_STATUS = Pattern(r"exit(?:ed)?(?: with)?(?: (?:code|status))?[:= ]+(-?\d+)\b", 2)
_STATUS_CHARS = 300
_UNDONE = Pattern(
    r"running in (?:the )?background|moved to (?:the )?background|timed out|interrupted|cancell?ed"
    r"|rejected|denied|(?:doesn't|does not|didn't) want|still running|not yet finished",
    2,
)
_FIXED = Pattern(
    r"\b(?:(?:that|this|it|which)(?:'s| has| have)? (?:fixed|solved|resolved|did)\s+(?:it|the|that)"
    r"|(?:works?|working|fixed|solved|passes|gone) now|now (?:it )?(?:works|passes|builds|compiles)"
    r"|(?:it|that|everything|all) works\b|(?:is|are|it's) (?:fixed|solved|gone|working)\b"
    r"|(?:error|problem|issue) (?:went away|disappeared)|no (?:more|longer any) errors?)",
    2,
)
_DOUBTED = Pattern(
    r"\?|\b(?:not|no longer works?|never|but|still|except|however|if|unless|until|almost"
    r"|nearly|another|different|should|want|need|make|\w+n't)\b",
    2,
)


class Fixer:
    """Answers about errors."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def fixes(
        self,
        text: str,
        rule: str | None = None,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        limit: int = 20,
    ) -> Fixes:
        """What made an error go away, newest first; `text` is a message, a trace or an output.

        With `rule`, even an empty one, it is what a diagnostic says: its first line is the message.
        An error went away if what was run when it stood there ran again without it, or if the
        person said so next; and if something was changed in between.
        """
        from aiana.complaints import complaint, complaints

        if rule is None:
            sought = complaints(text)
        else:
            first = next((line for line in text.splitlines() if line.strip()), "")
            each = complaint(first, rule)
            sought = [each] if each.is_telling() else []
        found: dict[tuple[str, str], Fix] = {}
        for each in sought:
            for fix in itertools.islice(self._of(each, cancelled), limit):
                known = found.get((fix.uri, fix.proof))
                if known is None or fix.exact > known.exact:
                    found[fix.uri, fix.proof] = fix
        newest = sorted(found.values(), key=lambda fix: fix.timestamp, reverse=True)
        return Fixes(fixes=newest[:limit], sought=[each.line for each in sought])

    def _of(self, sought: Complaint, cancelled: Callable[[], bool]) -> Iterable[Fix]:
        from aiana.complaints import complaining_lines

        mentions: dict[int, list[Mention]] = defaultdict(list)
        for mention in self._container.storage.outcomes.mentions(sought.phrases()):
            if next(complaining_lines(mention.text, sought), None) is not None:
                mentions[mention.session_key].append(mention)
        for each in mentions.values():
            each.sort(key=lambda mention: mention.position, reverse=True)
        for each in sorted(mentions.values(), key=lambda of: of[0].timestamp, reverse=True):
            if cancelled():
                return
            if fix := self._since_last(each, sought):
                yield fix

    def _since_last(self, mentions: Iterable[Mention], sought: Complaint) -> Fix | None:
        """How it went on after an error stood last in a session, by what is no mere mention."""
        for mention in mentions:
            course = _Course(sought, mention)
            with closing(self._container.storage.outcomes.since(mention)) as events:
                for event in events:
                    course.take(event)
                    if course.fix is not None or course.is_over(event):
                        break
            if course.has_stood:
                return course.fix
        return None


class _Done(Struct):
    """What was done since the error stood there last."""

    edits: dict[str, list[str]] = field(default_factory=dict)
    """Of each message, the files."""
    texts: int = 0
    commands: dict[str, str] = field(default_factory=dict)


class _Course:
    """How it went on in a session after an error; `fix` is set once the error is gone."""

    def __init__(self, sought: Complaint, mention: Mention) -> None:
        self.fix: Fix | None = None
        self._sought, self._mention = sought, mention
        self._runs: dict[Run, bool] = {}
        """What was run when the error stood there; whether its assistant called it a failure."""
        self._calls: dict[str | None, tuple[Event, Run]] = {}
        self._stood: tuple[Event, Run, Complaint] | None = None
        self._since: list[tuple[Event, Run]] = []
        self._failed: set[str] = set()
        self._asked = False

    @property
    def has_stood(self) -> bool:
        """Whether the error was seen as more than a mere mention of it."""
        return self._stood is not None

    def is_over(self, event: Event) -> bool:
        """Whether the first answer has come, and was a mere mention."""
        return self._stood is None and event.position >= self._mention.position

    def take(self, event: Event) -> None:
        """The next thing that happened."""
        from aiana.touches.running import run_of_call

        if event.type == "tool_use":
            call = event, run_of_call(event.tool, event.arguments or event.text)
            self._calls[event.call] = self._calls[None] = call
            self._since.append(call)
        elif event.type == "user":
            self._take_prompt(event)
        elif call_of := self._calls.get(event.call):
            self._take_answer(event, *call_of)

    def _take_answer(self, answer: Event, call: Event, run: Run) -> None:
        from aiana.complaints import complaining_lines

        failed = answer.is_error == 1 or _status(answer.text) not in (None, 0)
        if failed:
            self._failed.add(call.id)
        line = next(complaining_lines(answer.text, self._sought), None)
        if line is not None:
            if failed or (not run.only_shows() and self._speaks_of_errors(answer)):
                self._runs[run] = failed
                self._stood, self._since, self._asked, self.fix = (
                    (answer, run, line),
                    [],
                    False,
                    None,
                )
        elif self.fix is None and run in self._runs and not failed:
            is_sure = self._runs[run] or _status(answer.text) == 0
            if _UNDONE.search(answer.text[:_STATUS_CHARS]):
                return
            if is_sure or not self._speaks_of_errors(answer):
                self.fix = self._made("succeeded", answer, call)

    def _speaks_of_errors(self, answer: Event) -> bool:
        from aiana.complaints import states_an_error

        return states_an_error(answer.text)

    def _take_prompt(self, prompt: Event) -> None:
        if self._stood is None or self._asked or not prompt.text.strip():
            return
        self._asked = True
        said = prompt.text.strip()
        if (
            self.fix is None
            and len(said) <= _MOST_SAID
            and _FIXED.search(said)
            and not _DOUBTED.search(said)
        ):
            self.fix = self._made("said", prompt, None)

    def _made(self, how: str, proof: Event, last: Event | None) -> Fix | None:
        """The fix, if anything was done that may have been one."""
        from aiana.storage.touching import absolute
        from aiana.touches.edits import edits_of_call

        assert self._stood is not None
        stood, run, line = self._stood
        done = _Done()
        for event, ran in self._since:
            if event is last or event.id in self._failed:
                continue
            edits = edits_of_call(event.tool, event.arguments or event.text)
            if edits:
                folder = self._mention.folder
                files = [absolute(edit.path, folder) for edit in edits if edit.path]
                done.edits[event.id] = files
                done.texts += len(edits)
            elif ran.changes_something():
                done.commands[event.id] = _shortened(ran.command)
        if not done.edits and not done.commands:
            return None
        return Fix(
            uri=self._uri(stood.id),
            message=_shortened(line.line),
            exact=line.names == self._sought.names,
            how="said" if how == "said" else "succeeded",
            proof=self._uri(proof.id),
            command=_shortened(run.command) if run.is_shell else None,
            edits=done.texts,
            files=list(dict.fromkeys(file for files in done.edits.values() for file in files)),
            turns=[self._uri(id) for id in done.edits][:_MOST_TURNS],
            commands=[Quoted(uri=self._uri(id), text=text) for id, text in done.commands.items()],
            source=self._mention.source,
            session_id=self._mention.session_id,
            message_id=stood.id,
            timestamp=proof.timestamp,
            session_title=self._mention.title,
        )

    def _uri(self, message: str) -> str:
        return session_uri(self._mention.source, self._mention.session_id, message)


def _status(text: str) -> int | None:
    """The status with which a program ended, where its answer tells."""
    for part in (text[:_STATUS_CHARS], text[-_STATUS_CHARS:]):
        if found := _STATUS.search(part):
            return int(found[1][:9])
    return None


def _shortened(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1].rstrip() + "…"
