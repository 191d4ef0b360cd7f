"""One set-up, or its undoing, of the assistants and editors that a person named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field

from aiana.errors import AianaError, InvalidQuery, NotFound
from aiana.setup import files
from aiana.setup.edits import Edit
from aiana.setup.targets import TARGETS, Target, program


class Outcome(Struct, kw_only=True):
    """What was done for one assistant or editor."""

    target: Target
    changed: list[Path] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Sentences for a person."""


def chosen(names: Sequence[str]) -> list[Target]:
    """Those with these names, or all that are installed. Raises NotFound."""
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        raise NotFound(f"There is no {unknown[0]!r} to set up. There are: {', '.join(TARGETS)}.")
    if names:
        return [TARGETS[name] for name in dict.fromkeys(names)]
    return [target for target in TARGETS.values() if target.is_installed()]


def set_up(data: Path, target: Target, remove: bool = False, dry_run: bool = False) -> Outcome:
    """Write what is ours into the target's files, or take it out; a bad file stops no other."""
    records = files.Records(data)
    outcome = Outcome(target=target)
    edits = target.edits()
    if not edits and not remove:
        outcome.failed.append(
            f"{target.title}: its package is no part of this installation. It lies in `editors` "
            "of Aiana's source, and can be put where the editor looks for it by hand."
        )
    for edit in edits:
        try:
            change = (files.removing if remove else files.adding)(edit, records)
            if change is None:
                continue
            made = [] if dry_run else files.write(change)
        except InvalidQuery as error:
            outcome.failed.append(str(error))
            continue
        outcome.diffs.append("\n".join(change.diff()))
        outcome.changed.append(change.path)
        try:
            if not dry_run:
                _note(change, edit, made, records, remove)
        except (OSError, AianaError) as error:
            outcome.failed.append(f"What stood in {change.path} before cannot be noted: {error}")
    return outcome


def _note(
    change: files.Change, edit: Edit, made: list[Path], records: files.Records, remove: bool
) -> None:
    """Keep what stood there before, or nothing of it any more. Raises OSError, AianaError."""
    if remove:
        records.forget(change.path)
    elif change.before is not None and records.is_untouched(change.path, change.before):
        # Ours is only being brought up to date: what stood there before it stays known.
        records.note(change._replace(before=records.before(change.path)), made)
    elif change.before is not None:
        records.note(change._replace(before=files.without(edit, change.before)), made)
    else:
        records.note(change, made)


def findings(data: Path) -> list[tuple[str, str, str]]:
    """What became of what was written: a state, a sentence, and the name to set up again."""
    records = files.Records(data)
    written = set(records.paths())
    found = []
    for target in TARGETS.values():
        edits = [edit for edit in target.edits() if files.real(edit.path) in written]
        for edit in edits:
            try:
                change = files.adding(edit, records)
            except InvalidQuery as error:
                found.append(("error", str(error), target.name))
                continue
            if change is not None:
                why = f"{target.title} does not know this Aiana any more: {change.path}"
                found.append(("warning", why, target.name))
        if edits and not any(name == target.name for _, _, name in found):
            found.append(("ok", f"{target.title} knows this Aiana ({program()[0]})", target.name))
    return found
