"""Hostile texts in Emacs: they set no variable, run nothing, and stay in their lines."""

from __future__ import annotations

import re
from pathlib import Path

from tests.editors.emacs.test_aiana_el import emacs
from tests.hostile import ATTACKS, filled


def test_hostile_texts(environ: dict[str, str], tmp_path: Path) -> None:
    script = Path(__file__).with_name("hostile-test.el")
    written = script.read_text(encoding="utf-8").count("(ert-deftest ")
    environ |= {"AIANA_HOME": str(filled(tmp_path / "hostile")), "TEST_ATTACKS": str(len(ATTACKS))}
    output = emacs(environ, "-l", str(script), "-f", "ert-run-tests-batch-and-exit")
    assert re.search(rf"Ran {written} tests, {written} results as expected", output)
