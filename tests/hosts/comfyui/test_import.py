"""The pack in a real ComfyUI: under an odd folder name, beside a foreign pack with its own `shared_core`, quietly and quickly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from u2studio.u2net_nodes.description import all_nodes

from .comfy_server import Base
from .conftest import ODD, add_foreign_pack


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, str]:
    base = Base(tmp_path_factory.mktemp("quick"))
    add_foreign_pack(base)
    base.pack(ODD)
    return base.quick_test()


def test_every_node_is_registered(started: tuple[dict[str, Any], str, str]) -> None:
    report, _out, log = started
    assert report["nodes"][ODD] == [node.id for node in all_nodes()], log[-2000:]
    assert "IMPORT FAILED" not in log


def test_importing_changes_nothing_and_prints_nothing(started: tuple[dict[str, Any], str, str]) -> None:
    report, out, _log = started
    assert [entry for entry in report["sys_path_added"] if not entry.endswith("a foreign pack")] == []
    assert ODD not in report["outside"], "imported under a top-level name"
    assert not [line for line in out.splitlines() if "u2" in line.lower()]


def test_importing_is_quick(started: tuple[dict[str, Any], str, str]) -> None:
    found = re.search(rf"([\d.]+) seconds: .*{re.escape(ODD)}", started[2])
    assert found, started[2]
    assert float(found.group(1)) <= 0.3


def test_a_missing_package_is_named_with_its_remedy(tmp_path: Path) -> None:
    base = Base(tmp_path / "base")
    base.pack("u2studio")
    report, _out, log = base.quick_test(missing="cv2,platformdirs")
    assert "u2studio" not in report["nodes"]
    (line,) = [line for line in log.splitlines() if "u2studio needs" in line]
    assert "opencv-python-headless, platformdirs" in line
    assert "-m pip install -r" in line
    assert str(base.folder / "custom_nodes" / "u2studio" / "requirements.txt") in line
