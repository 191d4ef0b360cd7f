"""Settings: flags, then the environment, then `config.toml` in the data folder, then defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from aiana.errors import StorageUnavailable, UnreadableFile
from aiana.models import SettingProblem
from aiana.paths import SETTINGS_FILE
from aiana.regular import text_of

HOME = "AIANA_HOME"
_NO_SETTINGS = (
    "AIANA_TEST_",
    "AIANA_DEV_",
    "AIANA_INSIDE_HOOK",
    "AIANA_UID",
    "AIANA_TEAM_ADDRESS",
    "AIANA_REDIS_PASSWORD",
    "AIANA_QDRANT_API_KEY",
)
"""Variables that the tests, the hooks and the compose file read begin so."""


def _is(
    what: str, env: str | None = None, many: bool = False, adds: bool = False, **limits: Any
) -> Meta:
    """What a setting takes, in words and as limits, and a variable with a name of its own.

    Of `many`, a list may be given as well, which becomes a text with commas. What `adds` holds
    beside what is said elsewhere, instead of replacing it.
    """
    return Meta(extra={"takes": what, "env": env, "many": many, "adds": adds}, **limits)


_Text = Annotated[str, _is("a text", min_length=1)]
_Switch = Annotated[bool, _is("`true` or `false`")]
_Names = Annotated[
    tuple[Annotated[str, Meta(min_length=1)], ...],
    _is("a list of texts, or one text with commas between them", adds=True),
]
_Count = Annotated[int, _is("a whole number from 1", ge=1)]


class Config(Struct, frozen=True, kw_only=True, rename="camel"):
    """All that a user can set; every field has a default that needs no thought.

    This is the table of settings: each is a key of `config.toml` and of an editor's settings under
    its camelCase name, and a variable of the environment, `AIANA_` and its name in capitals.
    """

    data_dir: Path
    """Folder of the database, the models and `config.toml` (`AIANA_HOME`, default `~/.aiana`)."""
    problems: tuple[SettingProblem, ...] = ()
    """What of the settings was not understood, and is not in force."""
    of_file: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """What of the settings that add up stands in `config.toml`, which may change meanwhile."""
    retention_days_of_file: int | None = None
    """What stands there of that."""

    embedding_model: _Text = "all-MiniLM-L6-v2"
    """Model name or path."""
    embedding_device: Annotated[
        str,
        _is(
            "`auto`, `cuda`, `cuda:1` and so on, `mps` or `cpu`",
            pattern=r"^(auto|cuda(:\d+)?|mps|cpu)$",
        ),
    ] = "auto"
    """What embeds a big backlog; queries and small ones are always the processor's, which has a
    vector before torch and a driver would be loaded."""
    context_max_tokens: Annotated[
        int, _is("a whole number from 0 to 1000000", ge=0, le=1_000_000)
    ] = 1000
    """Budget of a context block in tokens."""
    excluded_assistants: _Names = ()
    """Sources of which nothing is remembered, nor shown though it is stored."""
    excluded_projects: _Names = ()
    """The same for projects: identities, names or folders, and globs of them."""
    excluded_paths: _Names = ()
    """The same for sessions in these folders and below them; globs."""
    retention_days: _Count | None = None
    """After how many days without a new message a session is forgotten; never when unset."""
    retention_projects: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^.+=\d{1,6}$")], ...],
        _is("a table of projects and days, or texts such as `shop=30`", adds=True),
    ] = ()
    """The same for one project, in place of that; 0 keeps its sessions for ever."""
    user: _Text = "default"
    """Whose profile this is, where several people share a Redis or Qdrant."""
    redis_url: (
        Annotated[
            str,
            _is(
                "`redis://`, `rediss://` or `unix://` and an address",
                "REDIS_URL",
                pattern=r"^(?:rediss?|unix)://\S+$",
            ),
        ]
        | None
    ) = None
    qdrant_url: (
        Annotated[
            str,
            _is(
                "`http://` or `https://` and an address, or a list of such",
                "QDRANT_URL",
                many=True,
                pattern=r"^https?://[^\s,]+(,https?://[^\s,]+)*$",
            ),
        ]
        | None
    ) = None
    """Of one server or, with commas between them, of several nodes of one cluster."""
    qdrant_api_key: Annotated[str, _is("a text", "QDRANT_API_KEY", min_length=1)] | None = None
    ca_file: Annotated[str, _is("the path of a file", min_length=1)] | None = None
    """Certificates (PEM) by which Redis and Qdrant are known, instead of the system's."""
    team: _Switch = False
    """Memories are shared with, and those of colleagues found in, the same Qdrant."""
    qdrant_grpc_port: Annotated[int, _is("a port, 1 to 65535", ge=1, le=65535)] | None = None
    """Port of Qdrant's gRPC interface, where that is to be used."""
    qdrant_shards: _Count | None = None
    """Of the collection when it is made; Qdrant's own default when unset, as for the next two."""
    qdrant_replicas: _Count | None = None
    qdrant_write_consistency: _Count | None = None
    qdrant_on_disk: _Switch = False
    """Vectors are read from disk instead of being held in memory."""
    qdrant_quantized: _Switch = False
    """Vectors are held in memory as 8-bit integers for the first pass over them."""

    @property
    def qdrant_addresses(self) -> list[str]:
        """Where Qdrant is; none if it is not configured."""
        return self.qdrant_url.split(",") if self.qdrant_url else []

    @property
    def excluded_beside_file(self) -> dict[str, tuple[str, ...]]:
        """What is excluded, by key, other than by `config.toml`, which may change meanwhile."""
        return {
            each.key: getattr(self, each.field)[len(self.of_file.get(each.field, ())) :]
            for each in SETTINGS
            if each.field.startswith("excluded_")
        }

    @property
    def file(self) -> Path:
        """Where settings are kept; it need not exist."""
        return self.data_dir / SETTINGS_FILE

    @property
    def database(self) -> Path:
        return self.data_dir / "conversations.db"

    @property
    def pages_dir(self) -> Path:
        """Copies of sessions and memories for editors that can open nothing but files."""
        return self.data_dir / "pages"

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"


class Setting(Struct, frozen=True):
    """One row of the table of settings."""

    field: str
    key: str
    """Its name in `config.toml` and for editors."""
    variable: str
    """Its name in the environment."""
    takes: str
    """What may be given, in words."""
    type: Any
    default: Any
    many: bool
    adds: bool


def _settings() -> Iterator[Setting]:
    for field in msgspec.structs.fields(Config):
        if field.name in ("data_dir", "problems", "of_file", "retention_days_of_file"):
            continue
        extra = _extra(field.type)
        yield Setting(
            field.name,
            field.encode_name,
            extra["env"] or f"AIANA_{field.name.upper()}",
            extra["takes"],
            field.type,
            field.default,
            extra["many"],
            extra["adds"],
        )


def _extra(annotation: Any) -> dict[str, Any]:
    """What `_is` says of a setting, which may also be unset."""
    for part in (annotation, *getattr(annotation, "__args__", ())):
        for meta in getattr(part, "__metadata__", ()):
            extra: dict[str, Any] = meta.extra
            return extra
    raise TypeError(f"A setting of type {annotation} does not say what it takes.")


SETTINGS = tuple(_settings())
_BY_NAME = {name: each for each in SETTINGS for name in (each.key, each.field)}
_BY_VARIABLE = {each.variable: each for each in SETTINGS}


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """`AIANA_HOME`, or `~/.aiana`. Raises StorageUnavailable if that is not one place."""
    given = environ.get(HOME)
    try:
        folder = Path(given or "~/.aiana").expanduser()
    except RuntimeError as error:  # nobody of that name, or a user without a home
        what = f"{HOME} is {given}, and there is no such home" if given else "You have no home"
        raise StorageUnavailable(f"{what} folder. Set {HOME} to the whole path of one.") from error
    if not folder.is_absolute():
        raise StorageUnavailable(
            f"{HOME} is {given}, which is another folder wherever Aiana is started. Set it to a "
            "whole path."
        )
    return folder


def load_config(
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    others: Collection[str] = (),
) -> Config:
    """The settings in force, and as `problems` what is wrong with them in plain words.

    A setting that is wrong is left out, never fatal. `overrides` carries the keys of the
    configuration file in camelCase or snake_case, as an editor sends them; groups among them, and
    the keys that `others` names, are the editor's own. Raises StorageUnavailable if the data
    folder cannot be told.
    """
    folder = data_dir(environ)
    file = _File(folder / SETTINGS_FILE)
    # A text field that was left empty in an editor, or a variable without a value, sets nothing.
    variables = {n: v for n, v in environ.items() if v and (n in _BY_VARIABLE or _is_ours(n))}
    editors = {
        key: value
        for key, value in (overrides or {}).items()
        if value not in (None, "")
        and key not in others
        and (not isinstance(value, Mapping) or (key in _BY_NAME and _BY_NAME[key].adds))
    }
    merged: dict[str, Any] = {}
    of_file: dict[str, tuple[str, ...]] = {}
    days_of_file: int | None = None
    problems = list(file.problems)
    for origin, layer, names in (
        (str(file.path), file.settings, _BY_NAME),
        ("the environment", variables, _BY_VARIABLE),
        ("the editor's settings", editors, _BY_NAME),
    ):
        for name, value in layer.items():
            wrong = _take(merged, names.get(name), name, value)
            if wrong is not None:
                place = file.place(name) if layer is file.settings else {}
                message = f"{name} in {origin} {wrong}"
                problems.append(SettingProblem(setting=name, message=message, **place))
        if layer is file.settings:
            days_of_file = merged.get("retention_days")
            of_file = {each.field: merged.get(each.field, ()) for each in SETTINGS if each.adds}
    return Config(
        data_dir=folder,
        problems=tuple(problems),
        of_file=of_file,
        retention_days_of_file=days_of_file,
        **merged,
    )


def settings_of_file(folder: Path) -> Config | None:
    """What `config.toml` of a data folder says now; None if it cannot be read."""
    config = load_config(environ={HOME: str(folder)})
    unreadable = any(not problem.setting for problem in config.problems)
    return None if unreadable or not config.file.exists() else config


def _is_ours(variable: str) -> bool:
    ours = variable.startswith("AIANA_") and variable != HOME
    return ours and not variable.startswith(_NO_SETTINGS)


def _take(merged: dict[str, Any], setting: Setting | None, name: str, value: Any) -> str | None:
    """Put a value into `merged`, or say what is wrong with it; not the value, it may be secret."""
    if setting is None:
        return f"is no setting. {_nearest(name)}"
    if setting.many and isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ",".join(value)
    if setting.adds and isinstance(value, Mapping):
        value = [f"{project}={days}" for project, days in value.items()]
    elif setting.adds and isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    try:
        taken = msgspec.convert(value, setting.type, strict=False)
    except msgspec.ValidationError:
        return f"is left out: it takes {setting.takes}."
    merged[setting.field] = (*merged.get(setting.field, ()), *taken) if setting.adds else taken
    return None


def _nearest(name: str) -> str:
    """The setting that was meant, or all there are."""
    from difflib import get_close_matches  # only who mistypes pays for it

    names = _BY_VARIABLE if name.isupper() else {setting.key: setting for setting in SETTINGS}
    folded = {re.sub("[-_. ]", "", known).lower(): known for known in names}
    close = get_close_matches(re.sub("[-_. ]", "", name).lower(), folded, 1)
    if close:
        return f"Is {folded[close[0]]} meant?"
    return f"There are: {', '.join(names)}."


class _File:
    """`config.toml`, as far as it can be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings: dict[str, Any] = {}
        self.problems: list[SettingProblem] = []
        self._text = ""
        try:
            self._text = text_of(path)
            import tomllib  # only where there is something to read

            self.settings = tomllib.loads(self._text)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self._ignored(f"it cannot be read ({error.strerror or error})")
        except UnreadableFile:
            why = "Is a directory" if path.is_dir() else "Is no file"
            self._ignored(f"it cannot be read ({why})")
        except UnicodeDecodeError:
            self._ignored("it is not UTF-8")
        except (ValueError, RecursionError) as error:
            found = re.search(r"at line (\d+)", str(error))
            self._ignored(f"it is not TOML ({error})", int(found[1]) if found else None)

    def place(self, key: str) -> dict[str, Any]:
        """The file, and the line on which a key is set, from 1."""
        setting = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[]=.]""")
        lines = enumerate(self._text.splitlines(), 1)
        line = next((number for number, text in lines if setting.match(text)), None)
        return {"file": str(self.path), "line": line}

    def _ignored(self, reason: str, line: int | None = None) -> None:
        message = f"{self.path} is left out: {reason}."
        self.problems.append(
            SettingProblem(setting="", message=message, file=str(self.path), line=line)
        )
