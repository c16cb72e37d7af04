"""How time and memory grow from 1 to 48 megapixels, and from 1 to 256 files; the default cut-out, edge refined, best engine.

python benchmarks/growth.py [--megapixels 1 2 6 12 24 48] [--files 1 4 16 64 256] [--size 2] [--repeat 3] [--write]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from measuring import ROOT, Child, circumstances, command, in_turns, load, publish, save_photo, shown, table

U2STUDIO = (sys.executable, str(ROOT))


def by_size(folder: Path, sizes: list[float], repeat: int) -> str:
    """A process for each size that does one photo again and again, so that its peak memory is that size's own."""
    children: dict[str, Child] = {}
    for size in sizes:
        place = folder / f"{size:g}"
        save_photo(place / "large.jpg", size)
        children[f"{size:g}"] = Child(sys.executable, ROOT / "benchmarks" / "speed_child.py", "ours", place)
    times = in_turns({name: lambda child=child: child.do("cutout best, default") for name, child in children.items()}, repeat)
    rows = []
    for name, child in children.items():
        rows.append((name, shown(times[name]), f"{1000 * min(times[name]) / float(name):.0f}", f"{child.last['peak_mib']:.0f}"))
        child.close()
    return table(("megapixels", "ms, least (median)", "ms a megapixel", "peak MiB"), rows)


def by_number(folder: Path, numbers: list[int], size: float) -> str:
    """The command over a folder of so many photos, start included."""
    rows = []
    for number in numbers:
        place = folder / f"{number} files"
        for index in range(number):
            first = place / f"{index % 4:03}.jpg"
            if index < 4:
                save_photo(first, size, index)
            else:
                (place / f"{index:03}.jpg").hardlink_to(first)
        ran = command(*U2STUDIO, "matte", place, "-o", place / "out")
        rows.append((number, f"{ran.seconds:.1f}", f"{number / ran.seconds:.1f}", f"{ran.peak_mib:.0f}"))
    return table(("files", "s, start included", "photos a second", "peak MiB"), rows)


def main() -> None:
    """Measure, print, and with --write renew the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 2, 6, 12, 24, 48])
    parser.add_argument("--files", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--size", type=float, default=2, help="megapixels of each of the files")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    before = load()
    with tempfile.TemporaryDirectory() as place:
        sizes = by_size(Path(place), arguments.megapixels, arguments.repeat)
        numbers = by_number(Path(place), arguments.files, arguments.size)
    text = f"""## Growth

{circumstances(before)}
The default cut-out, edge refined: photo → RGBA PNG with models loaded, {arguments.repeat} rounds.

{sizes}

`u2studio matte FOLDER` over photos of {arguments.size:g} megapixels:

{numbers}"""
    publish("growth", text, write=arguments.write)


if __name__ == "__main__":
    main()
