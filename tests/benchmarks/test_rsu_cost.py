"""The blocks' costs, on few pixels; they are counted, so they can be known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_it_counts_and_draws(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "rsu_cost.py"), "--size", "64", "--channels", "8", "64", "-o", str(tmp_path / "cost.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    title, _, narrow, wide = done.stdout.splitlines()
    assert [cell.split(":")[0].strip() for cell in title.split("|")[2:-1]] == ["PLN", "RES", "DSE", "INC", "RSU"]
    operations = 2 * 9 * 64**2 * (3 * 8 + 5 * 8 * 8 + 8 * 64)
    assert narrow.split("|")[2].split(",")[0].strip() == f"{operations / 1e9:.1f}"
    costs = [tuple(float(one) for one in cell.split(",")) for cell in wide.split("|")[2:-1]]
    assert min(costs) == costs[-1]  # RSU
    assert min(memory for _, memory in costs) == costs[-1][1]
    assert (tmp_path / "cost.png").stat().st_size > 1000
