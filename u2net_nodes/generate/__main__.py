"""`python -m u2studio.u2net_nodes.generate [--check | --pictures]`: write the generated files, say which are stale, or draw the help pages' pictures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import help_pages, schemas, translations, workflows

ROOT = Path(__file__).resolve().parents[2]


def files() -> dict[str, str]:
    """Every generated text file, by path from the root."""
    return {**schemas.files(), **translations.files(), **help_pages.files(), **workflows.files()}


def stale() -> list[str]:
    """Paths that are missing, differ from what would be written, or that nothing writes any more."""
    wanted = files()
    differing = [path for path, text in wanted.items() if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text]
    return sorted([*differing, *_left_over(wanted)])


def _left_over(wanted: dict[str, str]) -> list[str]:
    patterns = ("locales/**/*.json", f"{help_pages.FOLDER}/**/*.md", "workflows/*.json", "workflows/api/*.json")
    there = {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(there - set(wanted))


def _write() -> None:
    wanted = files()
    for path in _left_over(wanted):
        (ROOT / path).unlink()
    for path, text in wanted.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8", newline="\n")


def main() -> int:
    """Returns the exit status: 1 where `--check` found stale files."""
    parser = argparse.ArgumentParser(prog="python -m u2studio.u2net_nodes.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; name stale files and fail")
    parser.add_argument("--pictures", action="store_true", help="run every operation on a sample and draw the help pages' pictures")
    options = parser.parse_args()
    if options.check:
        found = stale()
        sys.stderr.writelines(f"stale: {path}\n" for path in found)
        return 1 if found else 0
    if options.pictures:
        from . import help_pictures

        help_pictures.draw(ROOT)
        return 0
    _write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
