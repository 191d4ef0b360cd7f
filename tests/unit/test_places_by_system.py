"""Where other programs keep their things on each system."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiana.capture import zed
from aiana.setup.targets import TARGETS

HOME = Path("/home/ada")
GIVEN = {"APPDATA": "/roaming", "LOCALAPPDATA": "/local"}


@pytest.fixture
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, environ = request.param
    monkeypatch.setattr("sys.platform", platform)
    names = ("APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "VSCODE_USER_DATA_DIR")
    for name in (*names, "FLATPAK_XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Path, "home", lambda: HOME)


@pytest.mark.parametrize(
    ("system", "vscode", "settings", "data"),
    [
        (("linux", {}), HOME / ".config", HOME / ".config/zed", HOME / ".local/share/zed"),
        (
            ("darwin", {}),
            HOME / "Library/Application Support",
            HOME / ".config/zed",
            HOME / "Library/Application Support/Zed",
        ),
        (("win32", GIVEN), Path("/roaming"), Path("/roaming/Zed"), Path("/local/Zed")),
        (
            ("win32", {}),
            HOME / "AppData/Roaming",
            HOME / "AppData/Roaming/Zed",
            HOME / "AppData/Local/Zed",
        ),
    ],
    indirect=["system"],
    ids=["linux", "macos", "windows", "windows without variables"],
)
@pytest.mark.usefixtures("system")
def test_places(vscode: Path, settings: Path, data: Path) -> None:
    assert [edit.path for edit in TARGETS["vscode"].edits()] == [vscode / "Code/User/mcp.json"]
    assert [edit.path for edit in TARGETS["zed"].edits()] == [settings / "settings.json"]
    assert zed._data_folders()[0] == data
