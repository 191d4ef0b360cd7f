"""The texts of the values that chats are made of."""

from __future__ import annotations

import re
from typing import Any

from aiana.capture.decoding import words_in
from aiana.capture.vscode_chat.places import path_of
from aiana.redaction.fields import shown

# What the editor puts in place of a text that is too long for its own file.
_CUT = re.compile(r"\[[^\[\]]{0,200}: value truncated for persistence; original \d+ chars\]")


def text_of(value: Any) -> str:
    """A text, or that of a Markdown string, or of the fragments of one; "" if it is none."""
    if isinstance(value, str):
        return "" if _CUT.fullmatch(value) else value
    if isinstance(value, list):
        return "".join(text_of(item) for item in value if isinstance(item, (str, dict)))
    if isinstance(value, dict):
        for key in ("value", "text", "content"):
            if key in value:
                return text_of(shown(value, key))
    return ""


def name_of_reference(part: dict[str, Any]) -> str:
    """What stands in a sentence for a file or a symbol."""
    reference = part.get("inlineReference")
    if isinstance(name := part.get("name"), str) and name:
        return name
    if not isinstance(reference, dict):
        return reference if isinstance(reference, str) else ""
    if isinstance(name := reference.get("name"), str) and name:
        return name
    place = reference.get("uri") or reference.get("location") or reference
    if isinstance(place, dict) and "uri" in place:
        place = place["uri"]
    return path_of(place).rpartition("/")[2]


def edit_of(part: dict[str, Any]) -> dict[str, Any]:
    """An edit of a file or a notebook: which one, and what was written."""
    edits = part.get("edits")
    if part.get("kind") == "workspaceEdit":
        moved = (
            [item for item in edits if isinstance(item, dict)] if isinstance(edits, list) else []
        )
        return {
            "files": [
                {
                    key: path_of(item.get(key))
                    for key in ("oldResource", "newResource")
                    if key in item
                }
                for item in moved
            ]
        }
    return {"filePath": path_of(part.get("uri")), "edits": _edit_texts(edits)}


def _edit_texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _edit_texts(item)]
    if isinstance(value, dict):
        if isinstance(text := value.get("text"), str):
            return [text_of(text)]
        return words_in({key: item for key, item in value.items() if key not in ("uri", "range")})
    return []


def output_of(details: Any) -> str:
    """What a tool gave back, as the editor shows it: texts, files, or marks for what is neither."""
    if isinstance(details, list):
        return "\n".join(path for item in details if (path := _place_of(item)))
    if not isinstance(details, dict):
        return text_of(details)
    output = details.get("output", details)
    parts = output if isinstance(output, list) else [output]
    return "\n".join(text for part in parts if (text := _output_part(part)))


def _output_part(part: Any) -> str:
    if not isinstance(part, dict):
        return text_of(part)
    kind = part.get("mimeType")
    if (
        "base64Data" in part
        or part.get("isText") is False
        or (isinstance(kind, str) and kind.startswith(("image/", "audio/", "video/")))
    ):
        return f"[{kind if isinstance(kind, str) else 'data'}]"
    return text_of(shown(part, "value")) or _place_of(part)


def _place_of(value: Any) -> str:
    if isinstance(value, dict) and "uri" in value:
        return path_of(value["uri"])
    return path_of(value)


def prompt_text(value: Any) -> str:
    """The text of a tree that a prompt or a tool's answer was written as."""
    if isinstance(value, list):
        return "".join(prompt_text(item) for item in value)
    if isinstance(value, dict):
        text = value.get("text")
        if isinstance(text, str):
            return ("\n" if value.get("lineBreakBefore") else "") + text_of(text)
        inner = (
            shown(value, key) for key in ("value", "node", "children", "content") if key in value
        )
        return "".join(prompt_text(item) for item in inner)
    return text_of(value)
