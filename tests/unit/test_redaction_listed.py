"""Secrets among the arguments of commands that are written as lists."""

from __future__ import annotations

import json

import pytest

from aiana.models import Message
from aiana.redaction.door import admit
from aiana.redaction.redact import redact, redact_json, redact_tree

COMMANDS = [
    ("mysql", "-ptulip"), ("docker", "login", "-p", "tulip"), ("curl", "-u", "bob:tulip"),
    ("sshpass", "-p", "tulip", "ssh", "h"), ("/usr/bin/mysqldump", "-u", "root", "-ptulip", "a"),
    ("redis-cli", "-a", "tulip", "ping"), ("app", "--db-password", "tulip"),
    ("app", "--password=tulip"), ("java", "-Ddb.password=tulip"), ("sh", "-c", "mysql -ptulip"),
    ("htpasswd", "-b", "f", "bob", "tulip"), ("vault", "login", "tulipfield"),
    ("redis-server", "--requirepass", "tulip"),
]  # fmt: skip


def quoted(words: tuple[str, ...], between: str = ", ", quote: str = "'") -> str:
    return between.join(f"{quote}{word}{quote}" for word in words)


def forms(command: tuple[str, ...]) -> dict[str, str]:
    first, *rest = command
    others = tuple(rest)
    return {
        "JSON": json.dumps(command),
        "JSON without blanks": json.dumps(command, separators=(",", ":")),
        "JSON over lines": json.dumps({"cmd": command}, indent=2),
        "JSON in a string": json.dumps({"body": json.dumps({"cmd": command})}),
        "program beside": json.dumps({"command": first, "args": others}),
        "YAML": f"command: [{', '.join(command)}]",
        "YAML in quotes": f"command: [{quoted(command)}]",
        "YAML items": "command:\n" + "".join(f"  - {word}\n" for word in command),
        "YAML items in quotes": "command:\n" + "".join(f'  - "{word}"\n' for word in command),
        "container": f'command: ["{first}"]\nargs: {json.dumps(others)}\n',
        "container, items": f"command:\n- {first}\nargs:\n" + "".join(f"- {w}\n" for w in rest),
        "CMD": f"FROM x\nCMD {json.dumps(command)}\n",
        "ENTRYPOINT": f'ENTRYPOINT ["{first}"]\nCMD {json.dumps(others)}\n',
        "Python": f"run([{quoted(command)}], check=True)",
        "Python over lines": "run(\n    [\n" + "".join(f"        '{w}',\n" for w in command) + "]",
        "Python tuple": f"run(({quoted(command)}))",
        "Node": f"spawn('{first}', [{quoted(others)}])",
        "Go": f"exec.Command({quoted(command, quote=chr(34))})",
        "Go slice": f"args := []string{{{quoted(command, quote=chr(34))}}}",
        "Rust": f'Command::new("{first}").args([{quoted(others, quote=chr(34))}])',
        "Rust, one by one": f'Command::new("{first}")' + "".join(f'.arg("{w}")' for w in rest),
        "Java": f"new ProcessBuilder({quoted(command, quote=chr(34))})",
        "shell": f"cmd=({quoted(command, ' ', chr(34))})",
        "XML": "".join(f"<arg>{word}</arg>\n" for word in command),
        "property list": "".join(f"  <string>{word}</string>\n" for word in command),
    }


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("form", forms(COMMANDS[0]))
def test_list_that_is_a_command(command: tuple[str, ...], form: str) -> None:
    text = forms(command)[form]
    redacted, n = redact(text)
    before, after = text.replace("tulipfield", "tulip").split("tulip")
    assert (n, redacted) == (1, f"{before}[redacted:password]{after}")
    assert redact(redacted) == (redacted, 0)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_list_in_the_arguments_of_a_tool(command: tuple[str, ...]) -> None:
    words = [word.replace("tulipfield", "tulip") for word in command]
    clean = [word.replace("tulip", "[redacted:password]") for word in words]
    assert redact_tree({"argv": list(command)}) == ({"argv": clean}, 1)
    assert redact_tree({"command": command[0], "args": list(command[1:])}) == (
        {"command": command[0], "args": clean[1:]},
        1,
    )
    message = Message(
        id="1", session_id="s", type="tool_use", timestamp="", content="\n".join(command),
        tool_input=json.dumps({"command": command}),
    )  # fmt: skip
    stored, n = admit(message)
    assert n == 1
    assert "tulip" not in f"{stored.tool_input}{stored.content}"
    assert redact_json(stored.tool_input or "") == (stored.tool_input, 0)


def test_an_argument_of_several_words() -> None:
    for text in ('["sshpass", "-p", "tulip in may", "ssh"]', "run(['curl', '-u', 'bob:tulip in'])"):
        redacted, n = redact(text)
        assert (n, "tulip" in redacted, "may" in redacted, " in" in redacted) == (1, *[False] * 3)


@pytest.mark.parametrize(
    "text",
    [
        '["docker", "run", "-p", "8080:80", "nginx"]', '["mysql", "-u", "root", "-p", "shop"]',
        '["ssh", "-p", "2222", "host"]', '["curl", "-u", "$USER:$PASS"]', "[mkdir, -p, build/out]",
        '["git", "push", "-u", "origin"]', '["app", "--password", "--verbose"]',
        'add_argument("-p", "--password", help="x")', '["--user", "--password", "--host"]',
        "- mysql, the client\n- -p asks for the password\n- and the rest\n",
        'run(["app", "--token", os.environ["TOKEN"]])', "args:\n- --password=$(PW)\n- --all\n",
        '["app", "--password-file", "/run/secrets/db"]', '["psql", "--no-password", "tulip"]',
    ],
)  # fmt: skip
def test_lists_that_hold_no_secret(text: str) -> None:
    assert redact(text) == (text, 0)
    if text.startswith('["'):
        assert redact_tree(json.loads(text)) == (json.loads(text), 0)
