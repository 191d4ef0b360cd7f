"""Secrets whose name stands in one field of a thing, and whose value in another."""

from __future__ import annotations

import json

import pytest

from aiana.models import Message
from aiana.redaction.door import admit
from aiana.redaction.redact import redact, redact_json, redact_tree

# `{n}` is the name of a password, `{v}` the password.
AS_TEXT = [
    '{"name":"{n}","value":"{v}"}', '{"key":"{n}","value":"{v}"}', '{"Key": "{n}", "Value": "{v}"}',
    '{"value":"{v}","name":"{n}"}', '{"name":"{n}","type":"String","value":"{v}"}',
    '{"ParameterKey":"{n}","ParameterValue":"{v}"}', '{"SecretId":"{n}","SecretString":"{v}"}',
    '{\n  "name": "{n}",\n  "value": "{v}"\n}', '{\\"name\\":\\"{n}\\",\\"value\\":\\"{v}\\"}',
    '[{"name":"HOST","value":"h"},{"name":"{n}","value":"{v}"},{"name":"A","value":"b"}]',
    '{"op":"add","path":"/spec/{n}","value":"{v}"}', '{"{n}": {"type": "String", "value": "{v}"}}',
    "- name: {n}\n  value: {v}\n", '- name: "{n}"\n  value: {v}\n', "- value: {v}\n  name: {n}\n",
    "- { name: {n}, value: {v} }", "- key: {n}\n  description: what\n  value: {v}\n",
    "- ParameterKey: {n}\n  ParameterValue: {v}\n", "ParameterKey={n},ParameterValue={v}",
    "params:\n  {n}:\n    Type: String\n    Default: {v}\n", "{'name': '{n}', 'value': '{v}'}",
    'variable "{n}" {\n  type    = string\n  default = "{v}"\n}', "{name: '{n}', value: '{v}'}",
    'set {\n  name  = "{n}"\n  type = "string"\n  value = "{v}"\n}',
    'environment = [{ name = "{n}", value = "{v}" }]', 'EnvVar(name="{n}", value="{v}")',
    'new EnvVar { Name = "{n}", Value = "{v}" }', "<key>{n}</key>\n<string>{v}</string>",
    "<property>\n  <name>{n}</name>\n  <value>{v}</value>\n</property>",
    "aws ssm put-parameter --name /prod/{n} --type SecureString --value {v}",
    "az keyvault secret set --vault-name kv --name {n} --value '{v}'",
    'aws secretsmanager create-secret --name {n} --secret-string "{v}"',
]  # fmt: skip


@pytest.mark.parametrize("form", AS_TEXT)
@pytest.mark.parametrize("name", ["DB_PASSWORD", "db_password", "DBPassword"])
@pytest.mark.parametrize("value", ["tulip", "hunter2"])
def test_a_name_beside_its_value(form: str, name: str, value: str) -> None:
    text = form.replace("{n}", name).replace("{v}", value)
    clean = form.replace("{n}", name).replace("{v}", "[redacted:password]")
    assert redact(text) == (clean, 1)
    assert redact(clean) == (clean, 0)


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ({"Name": "x_token", "Value": "tulipfield"}, {"Value": "[redacted:secret]"}),
        ({"variable": "DB_PASSWORD", "value": 4711}, {"value": "[redacted:password]"}),
        ({"value": "4711", "name": "pin"}, {"value": "[redacted:pin]"}),
        ({"name": "DB_PASSWORD", "text": "tulip"}, {"text": "[redacted:password]"}),
        ({"element": "Password field", "text": "tulip"}, {"text": "[redacted:password]"}),
        ({"selector": "input[name=password]", "value": "tulip"}, {"value": "[redacted:password]"}),
        ({"password": {"type": "a", "value": "tulip"}}, {"value": "[redacted:password]"}),
        ({"headers": [["X-Auth-Token", "tulipfield7"]]}, "[redacted:secret]"),
        ({"X-Auth-Token": ["tulipfield7"]}, "[redacted:secret]"),
        ({"args": ["--user", "bob", "--password", "tulip"]}, "[redacted:password]"),
        ({"Cookie": "sid=tulipfield7"}, "sid=[redacted:cookie]"),
        ({"Authorization": "Basic dXNlcjpwYXNzd29yZDE="}, "Basic [redacted:authorization]"),
    ],
)
def test_fields_of_a_tool_call(value: object, clean: object) -> None:
    redacted, n = redact_json(json.dumps(value))
    told = json.dumps(clean, separators=(",", ":")).strip("{}")
    assert (n, told in redacted) == (1, True), redacted
    assert redact_json(redacted) == (redacted, 0)
    assert json.loads(redacted).keys() == json.loads(json.dumps(value)).keys()


def test_json_in_a_string_of_a_tool_call() -> None:
    inner = json.dumps([{"name": "DB_PASSWORD", "value": "tulip"}])
    message = Message(
        id="1", session_id="s", type="tool_use", timestamp="", content=inner,
        tool_input=json.dumps({"command": f"gh api -X PUT --input - <<< '{inner}'"}),
    )  # fmt: skip
    stored, n = admit(message)
    assert n == 1
    assert "tulip" not in f"{stored.tool_input}{stored.content}"


@pytest.mark.parametrize(
    "value",
    [
        {"name": "token", "value": "identifier"}, {"type": "token", "value": "whitespace7"},
        {"name": "password", "value": "required"}, {"name": "password", "value": "string"},
        {"name": "DB_PASSWORD", "value": "${DB_PASSWORD}"}, {"name": "DB_HOST", "value": "tulip"},
        {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        {"name": "How to change a password", "value": "tulip"}, {"password": ["required", "min:8"]},
        {"name": "password", "content": "It must be changed at first"}, ["password", "email"],
        {"name": "max_tokens", "value": 4096}, {"name": "password_hint", "value": "tulip"},
        {"tests": {"pass": ["test_login"]}}, {"label": "Password", "value": "sms"},
        [{"name": "A", "value": "tulip"}, {"name": "DB_PASSWORD"}], ["--password", "--verbose"],
    ],
)  # fmt: skip
def test_fields_that_hold_no_secret(value: object) -> None:
    assert redact_tree(value) == (value, 0)
    assert redact(json.dumps(value)) == (json.dumps(value), 0)


@pytest.mark.parametrize(
    "text",
    [
        '{ name: "password", value: formState }', '<input type="password" value={password} />',
        "- name: A\n  value: tulip\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: x\n",
        "password:\n  type: x\nother:\n  value: tulip\n",
        '{ name: "DB_PASSWORD", value: process.env.DB_PASSWORD }', 'name="token", value=next_one',
    ],
)  # fmt: skip
def test_code_and_settings_that_hold_no_secret(text: str) -> None:
    assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    "form",
    [
        "use {v} as PIN", "use {v} as the PIN", "enter {v} as pin", "with {v} as my pin code",
        "{v} is the PIN", "{v} is my PIN.", 'try "{v}" as the new PIN', "unlock with PIN {v}",
        "type in the PIN {v} and press enter", "PIN ({v})", "the pin {v}", "PIN code {v}",
    ],
)  # fmt: skip
def test_a_sentence_that_tells_a_pin(form: str) -> None:
    assert redact(form.format(v=4711)) == (form.format(v="[redacted:pin]"), 1)


@pytest.mark.parametrize(
    "text", ["pin 20240101 in requirements", "1234 is the pin count", "2040 as pins", "spin 4711"]
)
def test_numbers_that_are_no_pin(text: str) -> None:
    assert redact(text) == (text, 0)
