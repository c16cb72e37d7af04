"""What engines keep between runs in the user's cache: compiled graphs, and what was measured once for a weights file. All of it may be deleted at any time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import zlib
from functools import cache
from pathlib import Path

import platformdirs

__all__ = ["code_identity", "keep_bytes", "keep_facts", "kept_bytes", "kept_facts", "short_hash"]

HEADER = 4
"""bytes of checksum before a compiled graph: a file that a full disk cut short must not reach the engine, which trusts it"""


def short_hash(*facts: object) -> str:
    """Sixteen hexadecimal digits that change with any of the facts."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


@cache
def code_identity() -> str:
    """Changes with the code that draws, fits, runs and measures networks, so that nothing an older version kept is believed."""
    models = Path(__file__).resolve().parents[1]
    files = [*(models / "engines").glob("*.py"), *(models.parent / "networks").glob("*.py"), models / "precision.py"]
    return short_hash(*(file.read_bytes() for file in sorted(files)))


def kept_facts(subject: str, circumstances: str) -> dict[str, object] | None:
    """What was measured of a subject in these circumstances; None where nothing readable is kept."""
    try:
        facts = json.loads(_file(subject, circumstances, "json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None


def keep_facts(subject: str, circumstances: str, facts: dict[str, object]) -> None:
    """Keep what was measured. A cache that cannot be written is no error."""
    _write(_file(subject, circumstances, "json"), json.dumps(facts).encode())


def kept_bytes(subject: str, circumstances: str) -> bytes | None:
    """A compiled graph as it was kept; None where there is none, or it is damaged."""
    try:
        data = _file(subject, circumstances, "graph").read_bytes()
    except OSError:
        return None
    graph = data[HEADER:]
    return graph if zlib.crc32(graph).to_bytes(HEADER, "big") == data[:HEADER] else None


def keep_bytes(subject: str, circumstances: str, graph: bytes) -> None:
    """Keep a compiled graph in place of those of the same subject in other circumstances (an older engine). A cache that cannot be written is no error."""
    target = _file(subject, circumstances, "graph")
    with contextlib.suppress(OSError):
        for outdated in target.parent.glob(f"{subject}-*.graph"):
            outdated.unlink()
    _write(target, zlib.crc32(graph).to_bytes(HEADER, "big") + graph)


def _file(subject: str, circumstances: str, suffix: str) -> Path:
    return platformdirs.user_cache_path("u2studio", appauthor=False) / "engines" / f"{subject}-{circumstances}.{suffix}"


def _write(target: Path, data: bytes) -> None:
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
