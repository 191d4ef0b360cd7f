"""Preferences: how the user likes to work."""

from __future__ import annotations

from aiana.container import Container
from aiana.features.deleting import scrubbed
from aiana.protocol.results import Profile
from aiana.validation import checked_text


class Preferences:
    """Keep, list and forget preferences."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def add(self, text: str, static: bool = True) -> Profile:
        """Keep a preference; secrets are taken out first. Raises TooLarge."""
        self._container.storage.preferences.add(checked_text(text), static=static)
        self._container.cache.publish_profile()
        return self.profile()

    def remove(self, preference_id: str) -> Profile:
        """Delete a preference by its whole id. Raises NotFound."""
        forgotten = self._container.storage.preferences.remove(preference_id)
        self._container.cache.invalidate_context()
        scrubbed(self._container, forgotten.owed)
        self._container.cache.publish_profile()
        return self.profile()

    def profile(self) -> Profile:
        """All preferences."""
        preferences = self._container.storage.preferences.all()
        return Profile(
            static=[p for p in preferences if p.static],
            dynamic=[p for p in preferences if not p.static],
        )
