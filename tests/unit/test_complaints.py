"""Two complaints are the same whatever the names, places and numbers; and not when they are not."""

from __future__ import annotations

import pytest

from aiana.complaints import complaining_lines, complaint, complaints, states_an_error

SAME = [
    (
        "ModuleNotFoundError: No module named 'yaml'",
        "E   ModuleNotFoundError: No module named 'toml'",
    ),
    (
        "Cannot find name 'total'.",
        "src/cart.ts(41,7): error TS2304: Cannot find name 'sum'.",
    ),
    ("Cannot find name 'total'.ts(2304)", "src/a.ts:3:5 - error TS2304: Cannot find name 'x'."),
    ("error[E0308]: mismatched types", "mismatched types"),
    (
        "'total' is assigned a value but never used",
        "  3:5  error  'x' is assigned a value but never used  no-unused-vars",
    ),
    (
        'a.py:3: error: Incompatible return value type (got "int", expected "str")  [return-value]',
        'Incompatible return value type (got "Cart", expected "None")',
    ),
    (
        '/home/ada/a.py:3:5 - error: "x" is not defined (reportUndefinedVariable)',
        '  /work/b.py:30:15 - error: "y" is not defined (reportUndefinedVariable)',
    ),
    ("a.py:1:8: F401 [*] `os` imported but unused", "`sys` imported but unused"),
    (
        "Error: listen EADDRINUSE: address already in use 127.0.0.1:8080",
        "Error: listen EADDRINUSE: address already in use :::3000",
    ),
    (
        "Error: ENOENT: no such file or directory, open '/home/ada/a.json'",
        "Error: ENOENT: no such file or directory, open 'C:\\work\\b.json'",
    ),
    (
        "\x1b[31mUncaught TypeError: Cannot read properties of undefined (reading 'id')\x1b[0m",
        "TypeError: Cannot read properties of undefined (reading 'name')",
    ),
    ("./cart.go:31:2: undefined: sumOf", "cmd/x.go:7:12: undefined: sumOf"),
    (
        "Segfault in thread 0x7f2a1c at 1a2b3c4d5e6f after 12.5 s",
        "Segfault in thread 0x55d0aa at 99b3c4d5e6f77 after 3 s",
    ),
    *(
        ("No module named 'yaml'", line)
        for line in (
            "ModuleNotFoundError: No module named 'toml'",
            "No module named 'toml'.",
            "No module named yaml",
            "/usr/bin/python3: No module named toml",
            "E   ModuleNotFoundError: No module named 'toml'",
            "E       builtins.ModuleNotFoundError: No module named 'toml'",
            "app.py:3: ModuleNotFoundError: No module named 'toml'",
            "FAILED tests/test_a.py::test_x[a-1] - ModuleNotFoundError: No module named 'toml'",
            "ERROR tests/test_a.py - ModuleNotFoundError: No module named 'toml'",
            "error: No module named 'toml'",
            "ERROR:root:No module named 'toml'",
            "2026-02-01 10:00:00,123 ERROR [main] app: No module named 'toml'",
            "[10:00:00] ModuleNotFoundError: No module named 'toml'",
            "web-1  | ModuleNotFoundError: No module named 'toml'",
            "#9 1.234 ModuleNotFoundError: No module named 'toml'",
            "##[error]ModuleNotFoundError: No module named 'toml'",
            "::error file=app.py,line=1::No module named 'toml'",
        )
    ),
    (
        "TypeError: total is not iterable",
        "PHP Fatal error:  Uncaught TypeError: total is not iterable",
    ),
    (
        'Exception in thread "main" java.lang.IllegalStateException: Cart is closed already',
        "Caused by: java.lang.IllegalStateException: Cart is closed already",
    ),
    (
        "Requested setting DEBUG is missing",
        "django.ImproperlyConfigured: Requested setting DEBUG is missing",
    ),
    ("Cannot find package 'yaml'", "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'toml'"),
    (
        "cart.c:3:5: error: ‘x’ undeclared (first use in this function)",
        "'y' undeclared (first use in this function)",
    ),
]
OTHER = [
    ("ReferenceError: total is not defined", "ReferenceError: rate is not defined"),
    (
        "src/a.ts(1,2): error TS2304: Cannot find name 'x'.",
        "a.ts(1,2): error TS2552: Cannot find name 'x'.",
    ),
    ("TypeError: can't read 'x' of it", "TypeError: can't write 'x' of it"),
    ("bash: rg: command not found", "bash: fd: command not found"),
    ("requires python3.11 to install", "requires python3.12 to install"),
    ("TypeError: total is not iterable", "ValueError: total is not iterable"),
    ("Permission denied", "git: Permission denied"),
    ("No such file or directory", "cat: No such file or directory"),
    ("Cannot find module 'yaml'", "ModuleNotFoundError: No module named 'yaml'"),
    ("ValueError: bad value", "bad value"),
    ("Permission denied for user", "'Permission' 'denied' 'for' 'user'"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_complaint(one: str, other: str) -> None:
    assert complaint(one).is_like(complaint(other)), (complaint(one), complaint(other))
    assert complaint(one).is_telling()


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_complaint(one: str, other: str) -> None:
    assert not complaint(one).is_like(complaint(other)), complaint(one)


@pytest.mark.parametrize(
    "line",
    [
        *("Error: Process completed with exit code 1.", "error: aborting due to 2 previous errors"),
        *("Found 3 errors in 1 file (checked 20 source files)", "1 failed, 2 passed in 0.12s"),
        *("FAILED tests/test_a.py::test_x - AssertionError: assert 1 == 2", "Error: 'x'", "-> 12"),
        *("make: *** [Makefile:3: test] Error 1", "npm ERR! Test failed.", ""),
    ],
)
def test_what_says_too_little(line: str) -> None:
    assert complaints(line) == []


def test_names_are_the_same_with_quotes_and_without() -> None:
    asked = complaint("No module named yaml")
    assert complaint("ModuleNotFoundError: No module named 'yaml'").has_names_of(asked)
    assert not complaint("ModuleNotFoundError: No module named 'toml'").has_names_of(asked)
    assert asked.phrases() == ["no module named yaml"]


def test_a_stack_trace_is_its_message() -> None:
    trace = """Traceback (most recent call last):
  File "/work/shop/cart.py", line 31, in total
    return sum(item.price for item in cart)
AttributeError: 'NoneType' object has no attribute 'price'
"""
    assert [each.core for each in complaints(trace)] == [
        "attributeerror: * object has no attribute *"
    ]
    trace = """TypeError: Cannot read properties of undefined (reading 'id')
    at total (/work/shop/src/cart.ts:31:7)
    at Object.<anonymous> (/work/shop/src/failed.ts:3:1)
"""
    [found] = complaints(trace)
    assert found.core == "typeerror: cannot read properties of undefined (reading *)"
    assert found.names == ("id",)


def test_what_speaks_of_errors() -> None:
    for text in ("1 failed", "ValueError: x", "✖ cart", "error: no", "Build failure"):
        assert states_an_error(text), text
    for text in ("0 errors, 0 failed", "no errors", "Error: (none)", "test_error_log PASSED", "ok"):
        assert not states_an_error(text), text


def test_lines_of_an_output_that_complain_of_the_same() -> None:
    output = "src/a.ts(3,5): error TS2304: Cannot find name 'x'.\nCannot find the name of it.\n"
    [found] = complaining_lines(output, complaint("Cannot find name 'total'.", "2304"))
    assert found.names == ("x",)
    assert list(complaining_lines(output, complaint("Cannot find name 'total'.", "2552"))) == []
