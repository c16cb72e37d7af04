"""A short run of the fuzzer; `make fuzz` makes a long one."""

from __future__ import annotations

import pytest

from .fuzz_files import LIMIT_VARIABLE, run


@pytest.mark.timeout(120)
def test_damaged_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "4")
    assert run(300, start=2026) == 300
