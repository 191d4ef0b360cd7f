"""Standard LSP features, for editors without a plugin; those that could disturb are opt-in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from lsprotocol import types
from msgspec import Struct
from pygls.capabilities import get_capability

from aiana.config import load_config
from aiana.lsp import protocol as wire
from aiana.lsp.methods import Methods
from aiana.lsp.pages import SCHEME, Page, hits_page, read_page, write_page
from aiana.lsp.server import AianaServer, Call, decode
from aiana.models import SearchHit
from aiana.service import Aiana

logger = logging.getLogger(__name__)

CODE_ACTION_KIND = "aiana"
_TITLE_CHARS = 80

_SHOW = wire.Method("aiana/show", wire.MemoryGetParams, Page, "read")


class Options(Struct, frozen=True, rename="camel"):
    """What a client may turn on."""

    code_actions: bool = False
    """*Remember this selection* and *Add context for this file*."""
    workspace_symbols: bool = False
    """Answer `workspace/symbol` from memory; it also reaches tag jumps and fuzzy symbol lists."""
