"""Writes the folder of an Agent Plugin: `python -m aiana.setup.plugin FOLDER`.

What it starts is the `aiana` on the user's path; the plugin holds no program.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from aiana import __version__

_SCHEMAS = "https://agent-plugins.org/schemas/1.0.0"


def files() -> dict[str, Any]:
    """What the folder holds: the manifest, and the server that it names."""
    return {
        "plugin.json": {
            "$schema": f"{_SCHEMAS}/plugin.schema.json",
            "name": "aiana",
            "version": __version__,
            "description": "The memory of every coding assistant on your machine.",
            "license": "MIT",
            "keywords": ["memory", "search", "mcp"],
        },
        "mcp.json": {
            "$schema": f"{_SCHEMAS}/mcp.schema.json",
            "mcpServers": {"aiana": {"type": "stdio", "command": "aiana", "args": ["mcp"]}},
        },
    }


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
