"""Settings: what is in force, what is reported, and that all of them are documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiana.config import SETTINGS, load_config
from aiana.errors import StorageUnavailable
from aiana.models import SettingProblem

DOCUMENTED = Path(__file__).parents[2] / "docs" / "configuration.md"
BAD = {
    "excludedAssistants": "",
    "excludedProjects": "",
    "excludedPaths": "",
    "retentionDays": "0",
    "retentionProjects": "shop",
    "embeddingModel": "",
    "embeddingDevice": "gpu",
    "contextMaxTokens": "many",
    "user": "",
    "redisUrl": "localhost:6379",
    "qdrantUrl": "qdrant.example.com",
    "qdrantApiKey": "",
    "caFile": "",
    "team": "perhaps",
    "qdrantGrpcPort": "0",
    "qdrantShards": "-1",
    "qdrantReplicas": "1.5",
    "qdrantWriteConsistency": "",
    "qdrantOnDisk": "2",
    "qdrantQuantized": "2",
}


def test_the_page_shows_every_setting_as_it_is() -> None:
    rows = [row.split("|") for row in DOCUMENTED.read_text().splitlines()]
    documented = [[cell.strip() for cell in row[1:5]] for row in rows if row[0] == "" and row[1:]]
    settings = [
        [f"`{each.key}`", f"`{each.variable}`", each.takes, _shown(each.default)]
        for each in SETTINGS
    ]
    assert [row for row in settings if row not in documented] == []


def _shown(default: object) -> str:
    if default is None or default == ():
        return ""
    return f"`{str(default).lower()}`" if isinstance(default, bool) else f"`{default}`"


def test_settings_precedence(tmp_path: Path) -> None:
    """A file may say what the environment and an editor say better."""
    (tmp_path / "config.toml").write_text(
        '\ufeffuser = "file"\nteam = true\nqdrant_shards = 3\nembeddingModel = "file"\n'
    )
    environ = {
        "AIANA_HOME": str(tmp_path),
        "AIANA_USER": "environment",
        "AIANA_EMBEDDING_MODEL": "environment",
        "AIANA_QDRANT_ON_DISK": "true",
        "REDIS_URL": "",
    }
    config = load_config({"embeddingModel": "editor", "redisUrl": ""}, environ)
    assert config.problems == ()
    assert (config.embedding_model, config.user, config.team) == ("editor", "environment", True)
    assert (config.qdrant_shards, config.qdrant_on_disk, config.redis_url) == (3, True, None)


def test_each_setting_has_a_value_that_it_refuses() -> None:
    assert BAD.keys() == {setting.key for setting in SETTINGS}


@pytest.mark.parametrize("key", BAD)
def test_bad_values_in_the_file(tmp_path: Path, key: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'# mine\n\n{key} = "{BAD[key]}"\n')
    config = load_config(environ={"AIANA_HOME": str(tmp_path)})
    setting = next(each for each in SETTINGS if each.key == key)
    message = f"{key} in {file} is left out: it takes {setting.takes}."
    assert config.problems == (
        SettingProblem(setting=key, message=message, file=str(file), line=3),
    )
    assert getattr(config, setting.field) == setting.default


def test_bad_value_in_the_environment(tmp_path: Path) -> None:
    environ = {"AIANA_HOME": str(tmp_path), "REDIS_URL": "http://user:s3cret@cache"}
    [problem] = load_config(environ=environ).problems
    assert problem.setting == "REDIS_URL"
    assert "s3cret" not in problem.message


def test_unknown_setting(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('embedding-modell = "x"\n[aiana]\nuser = "x"\n')
    environ = {
        "AIANA_HOME": str(tmp_path),
        "AIANA_EMBEDING_MODEL": "x",
        "AIANA_TEST_ANYTHING": "x",
        "QDRANT_PORT": "1",
    }
    overrides = {"contextTokens": 1, "codeActions": True, "server": {"command": []}}
    problems = load_config(overrides, environ, others={"codeActions"}).problems
    found = [
        (each.setting, each.line, each.message.partition("setting. ")[2][:40]) for each in problems
    ]
    assert found == [
        ("embedding-modell", 1, "Is embeddingModel meant?"),
        ("aiana", 2, "There are: embeddingModel, embeddingDevi"),
        ("AIANA_EMBEDING_MODEL", None, "Is AIANA_EMBEDDING_MODEL meant?"),
        ("contextTokens", None, "Is contextMaxTokens meant?"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"user = \n", 1, "it is not TOML"),
        (b"a = 1\na = 2\n", 2, "it is not TOML"),
        (b"user = '\xff'\n", None, "it is not UTF-8"),
        (b"x = " + b"[" * 100_000, None, "it is not TOML"),
    ],
)
def test_unreadable_file(tmp_path: Path, content: bytes, line: int | None, reason: str) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    [problem] = load_config(environ={"AIANA_HOME": str(tmp_path)}).problems
    assert problem.message.startswith(f"{file} is left out: {reason}")
    assert (problem.file, problem.line) == (str(file), line)


def test_a_folder_in_the_place_of_the_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    [problem] = load_config(environ={"AIANA_HOME": str(tmp_path)}).problems
    assert "config.toml is left out: it cannot be read" in problem.message


def test_home_that_does_not_exist() -> None:
    with pytest.raises(StorageUnavailable, match="AIANA_HOME is ~nobody-of-that-name/x"):
        load_config(environ={"AIANA_HOME": "~nobody-of-that-name/x"})


@pytest.mark.parametrize(
    "given",
    [["http://a:6333", "https://b:6333"], "http://a:6333,https://b:6333"],
    ids=["list", "text"],
)
def test_several_addresses_of_one_cluster(given: object) -> None:
    config = load_config({"qdrantUrl": given}, environ={})
    assert config.problems == ()
    assert config.qdrant_addresses == ["http://a:6333", "https://b:6333"]


@pytest.mark.parametrize("given", [["http://a", "b"], ["http://a", 7], [], "http://a,b"])
def test_addresses_that_are_none_are_left_out(given: object) -> None:
    config = load_config({"qdrantUrl": given}, environ={})
    assert config.qdrant_addresses == []
    assert "a list of such" in config.problems[0].message
