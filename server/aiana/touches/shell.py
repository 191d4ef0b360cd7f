"""Files that shell commands read, write and delete, and what git says of commits and branches."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from aiana.pattern import Pattern
from aiana.touches.patches import touches_of_patch
from aiana.touches.values import GitRef, Told, Touch

_MOST_CHARS = 20_000
"""Of a command that is looked at."""
_HOW: dict[str, Told] = {
    **dict.fromkeys(("cat", "head", "tail", "less", "more", "nl", "bat", "tac", "wc"), "read"),
    **dict.fromkeys(("rm", "unlink", "del", "rmdir", "trash"), "deleted"),
    **dict.fromkeys(("touch", "tee"), "written"),
}
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "(", ")", "\n"})
_WRITES = frozenset({">", ">>", "&>", ">|", "1>", "1>>"})
_HEREDOC = Pattern(r"<<-?\s*(['\"]?)(\w+)\1[^\n]*\n.*?^\s*\2\s*$", re.S | re.M)
_WRITTEN = Pattern(
    r"^(?P<head>[^\n]*?<<-?\s*(['\"]?)(?P<end>\w+)\2[^\n]*)\n(?P<text>.*?)^\s*(?P=end)\s*$",
    re.S | re.M,
)
_TARGET = Pattern(r"(>>?)\s*['\"]?([^\s'\"<>|;&]+)|\btee\s+(?:-a\s+)?['\"]?([^\s'\"<>|;&]+)")
_SED_LINES = Pattern(r"^(\d+)(?:,(\d+))?p$")
_COMMITTED = Pattern(
    r"^\[(?P<branch>[^\s\]]+|detached HEAD)(?: \(root-commit\))? (?P<hash>[0-9a-f]{7,40})\] ", re.M
)
_SWITCHED = Pattern(r"^Switched to (?:a new )?branch '([^'\n]+)'", re.M)
_NEW_BRANCH = {"checkout": ("-b", "-B"), "switch": ("-c", "-C", "--create")}
_PLAIN_PATH = Pattern(r"[\w./~@+-]*[\w@+-]")


def touches_of_command(command: str) -> list[Touch]:
    """The files that a shell command names, as far as they stand in it as they are."""
    text = command[:_MOST_CHARS]
    found = touches_of_patch(text)
    for words in _simple_commands(_HEREDOC.sub("\n", text)):
        found += _of_words(words)
    return list(dict.fromkeys(found))


def texts_written(command: str) -> list[tuple[str, str | None, str]]:
    """Path, replaced and new text of what a command writes into files: `cat > a.py <<'EOF'`.

    What was replaced is empty where it is appended to the file, None where that is written anew.
    """
    found: list[tuple[str, str | None, str]] = []
    for match in _WRITTEN.finditer(command[:_MOST_CHARS]):
        head = match["head"]
        target = _TARGET.search(head)
        name = target[2] or target[3] if target else ""
        if target and name and _is_file(name):
            appends = target[1] == ">>" or "-a" in head.split()
            found.append((name, "" if appends else None, match["text"]))
    return found


def refs_of_command(command: str, output: str) -> list[GitRef]:
    """Commits that git says it made, and branches that were made or gone to."""
    if "git" not in command:
        return []
    found: list[GitRef] = []
    for match in _COMMITTED.finditer(output):
        found.append(GitRef("commit", match["hash"]))
        if match["branch"] != "detached":
            found.append(GitRef("branch", match["branch"]))
    found += [GitRef("branch", name) for name in _SWITCHED.findall(output)]
    for words in _simple_commands(command[:_MOST_CHARS]):
        if len(words) > 3 and words[0] == "git" and words[2] in _NEW_BRANCH.get(words[1], ()):
            found.append(GitRef("branch", words[3]))
    return [ref for ref in dict.fromkeys(found) if not ref.name.startswith("detached")]


def _simple_commands(text: str) -> Iterator[list[str]]:
    """The words of each simple command, redirections among them."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        try:
            words = list(lexer)
        except ValueError:  # a quote that goes on in the next line
            continue
        own: list[str] = []
        for word in words:
            if word in _SEPARATORS:
                yield own
                own = []
            else:
                own.append(word)
        yield own


def _of_words(words: Sequence[str]) -> Iterator[Touch]:
    plain: list[str] = []
    skip = False
    for place, word in enumerate(words):
        if skip:
            skip = False
        elif word in _WRITES:
            skip = True
            if place + 1 < len(words) and _is_file(words[place + 1]):
                yield Touch(words[place + 1], "edited" if ">>" in word else "written")
        elif word.startswith(("<", ">", "2>")):
            skip = word in ("<", "2>", "2>>")
        else:
            plain.append(word)
    while plain and (plain[0] in ("sudo", "time", "env", "command") or "=" in plain[0]):
        plain.pop(0)
    if not plain:
        return
    name, arguments = plain[0].rpartition("/")[2], plain[1:]
    if name == "git" and arguments[:1] and arguments[0] in ("rm", "mv", "add", "restore"):
        name, arguments = {"rm": "rm", "mv": "mv"}.get(arguments[0], ""), arguments[1:]
    files = [word for word in arguments if _is_file(word)]
    if name == "sed":
        yield from _of_sed(arguments, files)
    elif name in ("mv", "cp") and len(files) == 2:
        yield Touch(files[0], "deleted" if name == "mv" else "read")
        yield Touch(files[1], "created" if name == "mv" else "written")
    elif name in _HOW:
        yield from (Touch(file, _HOW[name]) for file in files if not file.isdigit())


def _of_sed(arguments: Sequence[str], files: Sequence[str]) -> Iterator[Touch]:
    in_place = any(word.startswith(("-i", "--in-place")) for word in arguments)
    lines: tuple[int | None, int | None] = (None, None)
    for word in arguments:
        if span := _SED_LINES.match(word):
            lines = int(span[1]), int(span[2] or span[1])
    named = [file for file in files if not _SED_LINES.match(file)]
    if named:
        yield Touch(named[-1], "edited" if in_place else "read", *lines)


def _is_file(word: str) -> bool:
    """Whether a word may be a file as it stands: no option, variable, pattern or device."""
    return bool(_PLAIN_PATH.fullmatch(word)) and not word.startswith(("-", "/dev/"))
