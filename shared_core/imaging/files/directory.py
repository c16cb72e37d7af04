"""Tag directories, of which TIFF files and EXIF are made: read without decoding anything, and written with every byte of a value as it was.

Source: TIFF 6.0, section 2; BigTIFF (libtiff, 2007).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

__all__ = ["Directory", "Entry", "Order", "directories", "written"]

Order = Literal["<", ">"]
"""bytes of a number: little end first, or big end first, as `struct` names them"""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MOST = 64
"""directories followed; files chain them into circles"""


@dataclass(frozen=True)
class Entry:
    """One tag's value: TIFF's number for its type, how many, and the bytes, in the byte order of their directory."""

    kind: int
    count: int
    data: bytes

    @classmethod
    def of(cls, kind: int, order: Order, *values: int) -> Entry:
        """Whole numbers of a type such as 3 (16 bits) or 4 (32 bits)."""
        return cls(kind, len(values), struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values))


@dataclass(frozen=True)
class Directory:
    """One directory of a stream. Values are read when asked for: a tag can claim any length."""

    stream: BinaryIO
    order: Order
    big: bool
    places: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)
    """tag → type, count, where the value lies"""

    def __contains__(self, tag: int) -> bool:
        return tag in self.places

    def entry(self, tag: int) -> Entry | None:
        """A tag's value; None where it is not there or leads out of the file."""
        kind, count, at = self.places.get(tag, (0, 0, 0))
        size = count * _SIZES.get(kind, 0)
        if not size or size > self.stream.seek(0, io.SEEK_END) - at:
            return None
        self.stream.seek(at)
        return Entry(kind, count, self.stream.read(size))

    def numbers(self, tag: int) -> tuple[float, ...]:
        """A tag's numbers; none where it is not there or is no number. A fraction over zero is 0."""
        entry = self.entry(tag)
        if entry is None:
            return ()
        if entry.kind in (5, 10):
            parts = struct.unpack(f"{self.order}{2 * entry.count}{'I' if entry.kind == 5 else 'i'}", entry.data)
            return tuple(above / below if below else 0.0 for above, below in zip(parts[::2], parts[1::2], strict=True))
        return struct.unpack(f"{self.order}{entry.count}{_CODES[entry.kind]}", entry.data) if entry.kind in _CODES else ()

    def number(self, tag: int, default: int) -> int:
        """A tag's first number, as a whole one."""
        return int((*self.numbers(tag), default)[0])

    def inner(self, tag: int) -> Directory | None:
        """The directory a tag points to; None where there is none."""
        at = self.number(tag, 0)
        try:
            return _at(self.stream, at, self.order, self.big)[0] if at else None
        except (struct.error, ValueError):
            return None


def directories(stream: BinaryIO) -> list[Directory]:
    """The chain of directories of a TIFF file or EXIF structure. Raises ValueError where the first cannot be read; later ones are left out."""
    stream.seek(0)
    start = stream.read(16)
    order: Order | None = "<" if start[:2] == b"II" else ">" if start[:2] == b"MM" else None
    if order is None:
        raise ValueError("it does not begin like a TIFF structure")
    try:
        big = struct.unpack_from(order + "H", start, 2)[0] == 43
        (at,) = struct.unpack_from(order + ("Q" if big else "I"), start, 8 if big else 4)
        first, following = _at(stream, at, order, big)
    except struct.error:
        raise ValueError("its directory is cut short") from None
    chain, seen = [first], {at}
    while following and following not in seen and len(chain) < _MOST:
        seen.add(following)
        try:
            one, following = _at(stream, following, order, big)
        except (struct.error, ValueError):
            break
        chain.append(one)
    return chain


def _at(stream: BinaryIO, at: int, order: Order, big: bool) -> tuple[Directory, int]:
    """The directory at a place, and the place of the one that follows it."""
    if at >= 1 << 63:  # no file is that long; seek would raise its own kind of error
        raise ValueError("its directory lies outside the file")
    stream.seek(at)
    head, entry = (8, 20) if big else (2, 12)
    (count,) = struct.unpack(order + ("Q" if big else "H"), stream.read(head))
    if count > 65535:
        raise ValueError("its directory is too long")
    table = stream.read(entry * count)
    (following,) = struct.unpack(order + ("Q" if big else "I"), stream.read(8 if big else 4))
    places = {}
    for index in range(count):
        tag, kind, number = struct.unpack_from(order + ("HHQ" if big else "HHI"), table, entry * index)
        value = entry * index + (12 if big else 8)
        inline = number * _SIZES.get(kind, 0) <= entry - (12 if big else 8)
        where = at + head + value if inline else struct.unpack_from(order + ("Q" if big else "I"), table, value)[0]
        if where < 1 << 63:
            places.setdefault(tag, (kind, number, where))
    return Directory(stream, order, big, places), following


def written(entries: Mapping[int, Entry | Mapping[int, Entry]], order: Order, start: int) -> bytes:
    """A directory as bytes that lie `start` bytes into their file: its table, then long values, then the directories inside it."""
    table, values = struct.pack(order + "H", len(entries)), b""
    after = start + 2 + 12 * len(entries) + 4
    for tag, entry in sorted(entries.items()):
        place = after + len(values)
        if isinstance(entry, Mapping):
            inner = written(entry, order, place)
            table += struct.pack(order + "HHII", tag, 4, 1, place)
            values += inner + bytes(len(inner) % 2)
        elif len(entry.data) <= 4:
            table += struct.pack(order + "HHI", tag, entry.kind, entry.count) + entry.data.ljust(4, b"\0")
        else:
            table += struct.pack(order + "HHII", tag, entry.kind, entry.count, place)
            values += entry.data + bytes(len(entry.data) % 2)
    return table + bytes(4) + values
