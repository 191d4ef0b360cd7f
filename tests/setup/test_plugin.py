"""The Agent Plugin: a closed manifest, and a server that starts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FIELDS = {
    "$schema",
    "name",
    "version",
    "description",
    "author",
    "homepage",
    "repository",
    "license",
    "keywords",
    "extensions",
}
"""The manifest may have no others."""


def test_the_folder_is_that_of_an_agent_plugin(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aiana.setup.plugin", str(tmp_path / "plugin")]
    subprocess.run(command, check=True)
    manifest, servers = (
        json.loads((tmp_path / "plugin" / name).read_text("utf-8"))
        for name in ("plugin.json", "mcp.json")
    )
    assert set(manifest) <= FIELDS
    assert manifest["name"] == "aiana"
    version = manifest["$schema"].rsplit("/", 2)[1]
    assert servers["$schema"].rsplit("/", 2)[1:] == [version, "mcp.schema.json"]
    assert servers["mcpServers"] == {
        "aiana": {"type": "stdio", "command": "aiana", "args": ["mcp"]}
    }
