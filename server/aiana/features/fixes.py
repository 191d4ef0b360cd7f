"""What fixed an error: the sessions in which it stood and went away, and what was done between."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from aiana.container import Container
from aiana.pattern import Pattern
from aiana.protocol.results import Fix, Fixes, Quoted
from aiana.protocol.uris import session_uri
from aiana.text import one_line

if TYPE_CHECKING:
    from aiana.complaints import Complaint
    from aiana.storage.outcomes import Event, Mentions, OutcomeReader
    from aiana.touches.edits import Edit

_SHOWN_CHARS = 300
_MOST_SAID = 300
"""A longer prompt asks for something else, too."""
_MOST_TURNS = 100
_MOST_ANSWERS = 200
"""In which an error may have stood, for one question."""
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
        left = _MOST_ANSWERS
        with self._container.storage.outcomes.reading() as outcomes:
            for place, each in enumerate(sought):
                looking = _Search(outcomes, each, left // (len(sought) - place), cancelled)
                for fix in itertools.islice(looking.fixes(), limit):
                    known = found.get((fix.uri, fix.proof))
                    if known is None or fix.exact > known.exact:
                        found[fix.uri, fix.proof] = fix
                left -= looking.seen
        newest = sorted(found.values(), key=lambda fix: fix.timestamp, reverse=True)
        return Fixes(fixes=newest[:limit], sought=[each.line for each in sought])


class _Search:
    """Looks through the sessions in which an error stood, in so many answers at most."""

    def __init__(
        self, outcomes: OutcomeReader, sought: Complaint, most: int, cancelled: Callable[[], bool]
    ) -> None:
        self._outcomes, self._sought = outcomes, sought
        self._most, self._cancelled = most, cancelled
        self.seen = 0

    def fixes(self) -> Iterator[Fix]:
        """The fixes, those of the newest sessions first."""
        for mentions in self._outcomes.mentions(self._sought.phrases()):
            for answer in self._outcomes.answers(mentions):
                if self.seen == self._most or self._cancelled():
                    return
                self.seen += 1
                course = _Course(self._outcomes, self._sought, mentions, answer)
                if course.has_stood:
                    # Where it went away before it stood there last, it did not for good.
                    if fix := course.fix():
                        yield fix
                    break


class _Done(Struct):
    """What was done since the error stood there last, by message."""

    upto: int
    """The place in the session up to which it was looked at."""
    calls: dict[str | None, Event] = field(default_factory=dict)
    """By their ids; the last one without."""
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)

    def forget(self, id: str) -> None:
        self.edits.pop(id, None)
        self.commands.pop(id, None)


class _Course:
    """How it went on in a session after an answer in which an error may have stood."""

    def __init__(
        self, outcomes: OutcomeReader, sought: Complaint, mentions: Mentions, answer: Event
    ) -> None:
        from aiana.complaints import complaining_lines
        from aiana.touches.running import run_of_call

        self._outcomes, self._sought, self._in = outcomes, sought, mentions
        self.has_stood = False
        """Whether the error was seen as more than a mere mention of it."""
        line = next(complaining_lines(answer.text, sought), None)
        call = outcomes.call_of(mentions.session_key, answer) if line is not None else None
        if line is not None and call is not None:
            self._call, self._run = call, run_of_call(call.tool, call.arguments)
            self._take_stand(answer, line)

    def fix(self) -> Fix | None:
        """What made the error go away, where it has stood and is known to have gone."""
        from aiana.touches.running import run_of_call

        key = self._in.session_key
        word = self._run.telling_word()
        for event in self._outcomes.again(key, self._call, self._stood.position, word):
            if event.type == "user":
                fix = self._of_prompt(event)
            elif run_of_call(event.tool, event.arguments) == self._run:
                answer = self._outcomes.answer_of(key, event)
                fix = self._of_answer(answer) if answer is not None else None
            else:
                continue
            if fix is not None:
                return fix
        return None

    def _take_stand(self, answer: Event, line: Complaint) -> None:
        failed = _has_failed(answer)
        if failed or (not self._run.only_shows() and _speaks_of_errors(answer)):
            self.has_stood, self._stood, self._line = True, answer, line
            self._was_marked, self._asked = failed, False
            self._done = _Done(answer.position)

    def _of_answer(self, answer: Event) -> Fix | None:
        """The fix, if what was run when the error stood there ran again without it."""
        from aiana.complaints import complaining_lines

        line = next(complaining_lines(answer.text, self._sought), None)
        if line is not None:
            self._take_stand(answer, line)
            return None
        if _has_failed(answer) or _UNDONE.search(answer.text[:_STATUS_CHARS]):
            return None
        is_sure = self._was_marked or _status(answer.text) == 0
        if is_sure or not _speaks_of_errors(answer):
            return self._made("succeeded", answer)
        return None

    def _of_prompt(self, prompt: Event) -> Fix | None:
        """The fix, if the first thing that the person said was that it is one."""
        said = prompt.text.strip()
        if self._asked or not said:
            return None
        self._asked = True
        if len(said) <= _MOST_SAID and _FIXED.search(said) and not _DOUBTED.search(said):
            return self._made("said", prompt)
        return None

    def _made(self, how: Literal["succeeded", "said"], proof: Event) -> Fix | None:
        """The fix, if anything was done until then that may have been one."""
        done = self._done_before(proof.position)
        if not done.edits and not done.commands:
            return None
        edits = list(itertools.chain.from_iterable(done.edits.values()))
        return Fix(
            uri=self._uri(self._stood.id),
            message=_shortened(self._line.line),
            exact=self._line.has_names_of(self._sought),
            how=how,
            proof=self._uri(proof.id),
            command=_shortened(self._run.command) if self._run.is_shell else None,
            edits=len(edits),
            files=list(dict.fromkeys(edit.path for edit in edits if edit.path)),
            turns=[self._uri(id) for id in done.edits][:_MOST_TURNS],
            commands=[Quoted(uri=self._uri(id), text=text) for id, text in done.commands.items()],
            source=self._in.source,
            session_id=self._in.session_id,
            message_id=self._stood.id,
            timestamp=proof.timestamp,
            session_title=self._in.title,
        )

    def _done_before(self, place: int) -> _Done:
        """What was done, and did not fail, since the error stood there."""
        done = self._done
        for event in self._outcomes.between(self._in.session_key, done.upto, place):
            if event.type == "tool_use":
                done.calls[event.call] = done.calls[None] = event
                self._note(event)
            elif (call := done.calls.get(event.call)) and _has_failed(event):
                done.forget(call.id)
        done.upto = max(done.upto, place - 1)
        return done

    def _note(self, call: Event) -> None:
        from aiana.touches.edits import edits_of_call
        from aiana.touches.running import run_of_call

        if edits := edits_of_call(call.tool, call.arguments):
            self._done.edits[call.id] = [self._placed(edit) for edit in edits]
            return
        run = run_of_call(call.tool, call.arguments)
        # To run the same again is no fix.
        if run != self._run and run.changes_something():
            self._done.commands[call.id] = _shortened(run.command)

    def _placed(self, edit: Edit) -> Edit:
        from aiana.storage.touching import absolute

        folder = self._in.folder
        return replace(edit, path=absolute(edit.path, folder)) if edit.path else edit

    def _uri(self, message: str) -> str:
        return session_uri(self._in.source, self._in.session_id, message)


def _has_failed(answer: Event) -> bool:
    return answer.is_error == 1 or _status(answer.text) not in (None, 0)


def _speaks_of_errors(answer: Event) -> bool:
    from aiana.complaints import states_an_error

    return states_an_error(answer.text)


def _status(text: str) -> int | None:
    """The status with which a program ended, where its answer tells."""
    for part in (text[:_STATUS_CHARS], text[-_STATUS_CHARS:]):
        if found := _STATUS.search(part):
            return int(found[1][:9])
    return None


def _shortened(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1].rstrip() + "…"
