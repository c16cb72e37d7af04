from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_job_of_the_speed_benchmark_runs_on_a_tiny_photo() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "speed.py"), "--alone", "--repeat", "1", "--files", "1", "--megapixels", "0.05"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "photo → RGBA PNG, best engine" in done.stdout
