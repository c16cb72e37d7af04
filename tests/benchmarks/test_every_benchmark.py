"""Every benchmark of docs/performance.md runs, on one tiny picture; nothing is timed here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALLEST = {
    "speed": ("--alone", "--files", "1", "--megapixels", "0.05", "--pictures", "1"),
    "growth": ("--megapixels", "0.05", "--files", "2", "--size", "0.05"),
    "stages": ("--megapixels", "0.05"),
    "roofline": ("--size", "64"),
    "worker": ("--megapixels", "0.01"),
    "portrait": ("--alone", "--crops", "175", "--sides", "64"),
}
EXPECTED = {
    "speed": ("photo → RGBA PNG, what rembg does", "cold command", "peak memory", "1024×1024"),
    "growth": ("| 0.05 |", "| 2 |"),
    "stages": ("| decode |", "| foreground |", "| PNG |"),
    "roofline": ("matrix product", "best engine", "share of the peak"),
    "worker": ("mask of an 8-bit image", "new layer of a float image"),
    "portrait": ("crop of 175 → drawing PNG", "with a closer look", "network 64×64", "share of the whole"),
}


@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform == "win32", reason="they read figures of the system that Windows has not")
@pytest.mark.parametrize("name", SMALLEST)
def test_it_runs_on_a_tiny_picture(name: str) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--repeat", "1", *SMALLEST[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert all(part in done.stdout for part in EXPECTED[name])


def test_a_benchmark_renews_its_own_section_only(tmp_path: Path) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(ROOT / "benchmarks")!r})
from pathlib import Path
import measuring
measuring.PAGE = Path({str(tmp_path / "page.md")!r})
for name, text in (("stages", "OLD"), ("speed", "OTHER"), ("stages", "NEW")):
    measuring.publish(name, text, write=True)
"""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "OLD" not in page
    assert page.index("OTHER") < page.index("NEW")
    assert page.count("Not measured yet.") == 4
