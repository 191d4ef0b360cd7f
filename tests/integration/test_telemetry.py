"""Nothing that Aiana loads writes down, or tells anybody, that it was used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_embedding_leaves_nothing_behind(tmp_path: Path, compiled_model_home: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE") if name in os.environ}
    code = "from aiana.embeddings import get_embedder;print(get_embedder().embed('text').shape[0])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "HOME": str(home), "AIANA_HOME": str(compiled_model_home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "384\n", done.stderr
    assert done.stderr == ""
    assert [path for path in home.rglob("*") if path.is_file()] == []
