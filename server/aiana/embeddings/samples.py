"""Texts by which a model is compared with what it was compiled from, and is calibrated."""

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
UNLIKE = (
    *(sample for sample in SAMPLES if sample),
    "Where is the retry limit configured?",
    "We decided to keep the old endpoint until the mobile release.",
    "TypeError: cannot read properties of undefined (reading 'map')",
    "npm run build fails on CI but works locally",
    "El servidor responde con un error 500 después de la actualización",
    "Die Migration muss vor dem Ausrollen laufen",
    "テストが時々失敗する原因を調べてください",
    "Почему запрос к базе такой медленный?",
    "사용자 인증 토큰이 만료되었습니다",
    "docker compose up -d --build",
    "Please add a unit test for the parser",
    "The meeting notes are in the wiki",
    "class Cart:\n    def total(self):\n        return sum(i.price for i in self.items)",
    "Set the log level to debug and try again.",
    "ok, do it",
    "I renamed the column, so the report has to change as well.",
)
"""What people and assistants write, each about something else."""
