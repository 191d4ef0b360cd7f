"""Aiana: the only thing that the front ends call. Thread safe; every method may block."""

from __future__ import annotations

from collections.abc import Callable

from aiana.config import Config
from aiana.container import Container
from aiana.features.capturing import Capturing
from aiana.features.changing import Changing
from aiana.features.files import Files
from aiana.features.fixes import Fixer
from aiana.features.forgetting import Forgetting
from aiana.features.keeping import Keeping
from aiana.features.leaks import Leaking
from aiana.features.memories import Memories
from aiana.features.pages import Pages
from aiana.features.preferences import Preferences
from aiana.features.projects import Projects
from aiana.features.quoting import Quoting
from aiana.features.resuming import Resuming
from aiana.features.searching import Searching
from aiana.features.sessions import Sessions
from aiana.features.upkeep import Upkeep
from aiana.features.why import Whys


class Aiana:
    """One memory: the database, its indexes and the embedder behind one face.

    Making it costs nothing; the database is opened, and the model loaded, at first use. What each
    method does stands where it is written.
    """

    def __init__(self, container: Container) -> None:
        self.container = container
        self.activity = container.activity
        self.wait_for_servers = container.wait_for_servers
        self.close = container.close

        projects = Projects(container)
        self.project_of = projects.of
        self.project_named = projects.named
        self.project_at = projects.at
        self.list_projects = projects.stored

        self.file_history = Files(container, projects).history
        whys = Whys(container, projects)
        self.why = whys.why
        self.has_edits = whys.has_edits
        self.fixes = Fixer(container).fixes

        capturing = Capturing(container)
        self.unknown_source = capturing.unknown_source
        self.capture_state = capturing.state
        self.watch = capturing.watch
        self.stop_watching = capturing.stop
        self.arrivals = capturing.arrivals

        searching = Searching(container, projects, capturing)
        self.search = searching.search
        self.context = searching.context

        memories = Memories(container, projects)
        self.add_memory = memories.add
        self.get_memory = memories.get
        self.update_memory = memories.update
        self.list_memories = memories.page
        self.delete_memories = memories.delete
        self.restore_memory = memories.restore
        self.rate_memory = memories.rate
        self.pin_memory = memories.pin

        sessions = Sessions(container, projects)
        self.list_sessions = sessions.page
        self.get_session = sessions.get
        self.short_session_ids = sessions.short_ids
        self.session_messages = sessions.messages
        self.delete_session = sessions.delete
        self.start_session = sessions.start
        self.end_session = sessions.end
        self.record_messages = sessions.record

        self.forget = Forgetting(container).forget
        self.session_changes = Changing(container).changes

        pages = Pages(container, memories)
        self.export_session = pages.export
        self.read_page = pages.page
        self.locate = pages.locate
        self.quote = Quoting(container, memories, pages).quote

        resuming = Resuming(container)
        self.resume = resuming.resume
        self.hand_over = resuming.hand_over

        keeping = Keeping(container)
        self.back_up = keeping.back_up
        self.backups = keeping.backups
        self.backup_at = keeping.backup_at
        self.restore = keeping.restore
        self.archive = keeping.archive
        self.share = keeping.share

        leaking = Leaking(container)
        self.find_secrets = leaking.find
        self.take_out_secrets = leaking.take_out

        preferences = Preferences(container)
        self.add_preference = preferences.add
        self.remove_preference = preferences.remove
        self.profile = preferences.profile

        upkeep = Upkeep(container)
        self.import_sessions = upkeep.import_sessions
        self.capture_sources = upkeep.capture_sources
        self.exclude = upkeep.exclude
        self.changes_since = upkeep.changes_since
        self.start_indexing = upkeep.start_indexing
        self.index_pending = upkeep.index_pending
        self.reindex = upkeep.reindex
        self.status = upkeep.status
        self.diagnose = upkeep.diagnose

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self.container.config


def open_aiana(
    config: Config | None = None, *, on_compile: Callable[[], None] | None = None
) -> Aiana:
    """Aiana with these settings, by default those of this machine.

    `on_compile` is called right before the model is compiled, which takes seconds, once.
    """
    return Aiana(Container(config, on_compile=on_compile))
