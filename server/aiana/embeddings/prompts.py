"""What a model wants to read before a text: many tell a question from what may answer it so."""

from __future__ import annotations

import re
from pathlib import Path

from aiana.embeddings.locate import read_json
from aiana.embeddings.manifest import Prompts

FILE = "config_sentence_transformers.json"
# The names that `encode_document` of sentence-transformers looks for, in its order.
_OF_PASSAGES = ("document", "passage", "corpus")
# The publisher of these states their prompts in prose only.
_E5 = re.compile(r"(?:^|[/\\_-])e5-(?:small|base|large)(?![\w-]*instruct)", re.IGNORECASE)


def read_prompts(folder: Path, name: str) -> Prompts:
    """The prompts of the model `name` whose publisher's files are in `folder`."""
    read = read_json(folder / FILE)
    config = read if isinstance(read, dict) else {}
    stated = config.get("prompts")
    items = stated.items() if isinstance(stated, dict) else ()
    texts = {key: text for key, text in items if isinstance(text, str)}
    default = texts.get(str(config.get("default_prompt_name")), "")
    passage = next((texts[key] for key in _OF_PASSAGES if key in texts), default)
    prompts = Prompts(texts.get("query", default), passage)
    if prompts == Prompts() and _E5.search(name):
        return Prompts("query: ", "passage: ")
    return prompts
