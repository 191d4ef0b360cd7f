"""What a model reads before a text, as its publisher's files and its name tell it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aiana.embeddings.manifest import Prompts
from aiana.embeddings.prompts import FILE, read_prompts

NONE, OF_E5 = Prompts(), Prompts("query: ", "passage: ")


@pytest.mark.parametrize(
    ("config", "prompts"),
    [
        ({"prompts": {"query": "Q ", "document": "D "}}, Prompts("Q ", "D ")),
        ({"prompts": {"query": "Q ", "passage": "P ", "corpus": "C "}}, Prompts("Q ", "P ")),
        ({"prompts": {"query": "Q "}}, Prompts("Q ", "")),
        (
            {"prompts": {"query": "Q ", "sts": "S "}, "default_prompt_name": "sts"},
            Prompts("Q ", "S "),
        ),
        ({"prompts": {"sts": "S "}, "default_prompt_name": "sts"}, Prompts("S ", "S ")),
        ({"prompts": {"sts": "S "}}, NONE),
        ({"prompts": {"query": 3, "document": None}, "default_prompt_name": 7}, NONE),
        ({"prompts": ["query"]}, NONE),
        ([], NONE),
    ],
)
def test_they_are_those_that_sentence_transformers_takes(
    config: Any, prompts: Prompts, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_text(json.dumps(config))
    assert read_prompts(tmp_path, "acme/model") == prompts


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("intfloat/multilingual-e5-small", OF_E5),
        ("intfloat/e5-base-v2", OF_E5),
        ("/models/multilingual-e5-large", OF_E5),
        ("C:\\models\\e5-small", OF_E5),
        ("intfloat/multilingual-e5-large-instruct", NONE),
        ("intfloat/e5-mistral-7b-instruct", NONE),
        ("all-MiniLM-L6-v2", NONE),
        ("acme/fire5-small", NONE),
    ],
)
def test_e5_has_its_own_though_no_file_says_so(name: str, prompts: Prompts, tmp_path: Path) -> None:
    assert read_prompts(tmp_path, name) == prompts
    (tmp_path / FILE).write_text('{"prompts": {"query": "", "document": ""}}')
    assert read_prompts(tmp_path, name) == prompts
    (tmp_path / FILE).write_text('{"prompts": {"query": "Q ", "document": ""}}')
    assert read_prompts(tmp_path, name) == Prompts("Q ", "")


def test_a_damaged_file_says_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff{")
    assert read_prompts(tmp_path, "acme/model") == NONE
