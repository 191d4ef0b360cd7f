from __future__ import annotations

from pathlib import Path

import pytest

from aiana.capture.jsonl import LineFile, mark_at, resumable


def lines(path: Path, offset: int = 0, cap: int = 64) -> tuple[list[bytes], int, list[int]]:
    with path.open("rb") as file:
        reader = LineFile(file, offset, cap=cap)
        return [line for line in reader if line], reader.offset, reader.oversized


@pytest.mark.parametrize(
    ("content", "expected", "offset", "oversized"),
    [
        (b"", [], 0, []),
        (b"a\nb\n", [b"a", b"b"], 4, []),
        (b"a\r\n\n \nb\n", [b"a", b"b"], 8, []),
        (b"a\ntorn", [b"a"], 2, []),
        (b'a\n{"torn": {}', [b"a"], 2, []),
        (b'a\n{"x": 1}', [b"a", b'{"x": 1}'], 10, []),
        (b"a\n" + b"x" * 64 + b"\nb\n", [b"a", b"x" * 64, b"b"], 69, []),
        (b"a\n" + b"x" * 65 + b"\nb\n", [b"a", b"b"], 70, [2]),
        (b"a\n" + b"x" * 3_000_000 + b"\nb\n", [b"a", b"b"], 3_000_005, [2]),
        (b"a\n" + b"x" * 500, [b"a"], 2, []),
    ],
)
def test_complete_lines(
    tmp_path: Path, content: bytes, expected: list[bytes], offset: int, oversized: list[int]
) -> None:
    path = tmp_path / "f"
    path.write_bytes(content)
    assert lines(path) == (expected, offset, oversized)


def test_a_reading_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a\nb\nc\n")
    assert lines(path, offset=2) == ([b"b", b"c"], 6, [])


def test_marks_know_whether_the_beginning_is_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "f"
    content = b"".join(b"line %06d\n" % n for n in range(2000))
    path.write_bytes(content)
    with path.open("rb") as file:
        mark = mark_at(file, None, 12_000, 1000, version=1)
        assert file.tell() == 0

    def resumes(changed: bytes) -> bool:
        path.write_bytes(changed)
        with path.open("rb") as file:
            return resumable(file, mark)

    assert resumes(content + b"more\n")
    assert resumes(content[:12_000])
    assert not resumes(content[:11_999])
    assert not resumes(b"L" + content[1:])
    assert not resumes(content[:11_990] + b"X" + content[11_991:])
