"""What a client's URIs mean, however it spells them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pygls.workspace import TextDocument, Workspace

_THIS_MACHINE = ("", "localhost")
_DRIVE = re.compile(r"/[A-Za-z]:")


def path_of(uri: str) -> Path | None:
    """The file or folder of a `file:` URI; None for any other, and for what is no URI."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme != "file" or not path or "\0" in path:
        return None
    if parts.netloc not in _THIS_MACHINE:
        return Path(f"//{parts.netloc}{path}")
    return Path(path[1:] if _DRIVE.match(path) else path)


def name_of(uri: str) -> str:
    """The last part of a URI's path, as people know it; empty for what is no URI."""
    try:
        return Path(unquote(urlsplit(uri).path)).name
    except ValueError:
        return ""


def open_document(workspace: Workspace, uri: str) -> TextDocument | None:
    """The document that the client has opened under this URI, in this or another spelling."""
    documents: dict[str, TextDocument] = workspace.text_documents
    # pygls knows a document by its unquoted URI.
    if (document := documents.get(unquote(uri))) is not None:
        return document
    wanted = _canonical(uri)
    return next((d for known, d in documents.items() if _canonical(known) == wanted), None)


def _canonical(uri: str) -> str:
    """One spelling for a URI: of the scheme, the machine, the drive, and what is quoted."""
    scheme, _, rest = unquote(uri).partition(":")
    if scheme.lower() == "file":
        path = re.sub(r"^//(localhost)?(?=/)", "", rest)
        rest = path[:2].lower() + path[2:] if _DRIVE.match(path) else path
    return f"{scheme.lower()}:{rest}"
