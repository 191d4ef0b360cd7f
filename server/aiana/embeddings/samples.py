"""Texts by which a compiled model is compared with what it was compiled from."""

from __future__ import annotations

SAMPLES = (
    "Fix security vulnerability",
    "how did I fix the security issue",
    "",
    "The quick brown fox jumps over the lazy dog. It was not amused; the dog, however, was.",
    "def parse(line: str) -> dict[str, int]:\n    key, _, value = line.partition('=')\n"
    "    return {key.strip(): int(value)}\n",
    'Traceback (most recent call last):\n  File "app.py", line 3, in <module>\n'
    "KeyError: 'DATABASE_URL'",
    "git rebase -i HEAD~3 && git push --force-with-lease origin feature/login",
    "SELECT s.id, COUNT(*) FROM sessions AS s JOIN messages USING (session_id) GROUP BY 1;",
    "La requête échoue quand l'en-tête Authorization est vide.",
    "数据库连接池在高并发下耗尽",
    "🚀 shipped! ✅ tests ❌ lint",
    "getUserById foo-bar src/a/b.py 0x7fff5fbff8a0 v1.2.3-rc.4",
    "a",
    "word " * 200,
)


def passages(prompt: str) -> list[str]:
    """Those that say something, as the model reads them when they are stored."""
    return [prompt + sample for sample in SAMPLES if sample]
