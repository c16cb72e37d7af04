"""Sound files damaged at random: reading each must give a picture or one sentence.

Run from the repository's root: python -m tests.hostile.fuzz_files [--cases 10000] [--seed 0] [--seconds 3600]
A case that fails is reduced by hypothesis to the smallest that fails the same way and printed; the exit status is 1.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
import zlib
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from u2studio.shared_core.errors import BadInput, OutOfMemory
from u2studio.shared_core.imaging.files import read_picture
from u2studio.shared_core.imaging.files.read import LIMIT_VARIABLE

from .making import whole_files
from .test_hostile_files import check_picture, check_sentence

WHOLE = whole_files()
NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
MOST_SECONDS = 20.0
"""for one small file; far above what any takes, far below for ever"""


EVERY_CHECK: list[Any] = list(HealthCheck)
"""hypothesis types them by their metaclass"""


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """The name of a sound file and its bytes after one to five kinds of harm."""
    name = draw(st.sampled_from(sorted(WHOLE)))
    data = bytearray(WHOLE[name])
    first = draw(st.sampled_from([0, 12, 12, 12]))  # harm before that mostly makes it no picture at all, which ends the case early
    for _ in range(draw(st.integers(1, 5))):
        # headers are short and matter most, so half of all harm is done there
        at = draw(st.one_of(st.integers(first, max(first, min(len(data), 120))), st.integers(first, max(first, len(data)))))
        match draw(st.sampled_from(["bit", "bytes", "number", "cut", "remove", "double", "splice"])):
            case "bit" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "bytes":
                piece = draw(st.binary(min_size=1, max_size=8))
                data[at : at + len(piece)] = piece
            case "number":
                size = draw(st.sampled_from([1, 2, 4]))
                value = draw(st.sampled_from(NUMBERS)) & ((1 << 8 * size) - 1)
                data[at : at + size] = value.to_bytes(size, draw(st.sampled_from(["little", "big"])))
            case "cut":
                del data[at:]
            case "remove":
                del data[at : at + draw(st.integers(1, 64))]
            case "double":
                length = draw(st.integers(1, 64))
                data[at:at] = data[at : at + length] * draw(st.integers(1, 16))
            case "splice":
                other = WHOLE[draw(st.sampled_from(sorted(WHOLE)))]
                start = draw(st.integers(0, len(other)))
                data[at:at] = other[start : start + draw(st.integers(1, 400))]
    return name, with_true_sums(bytes(data)) if name.startswith("png") and draw(st.booleans()) else bytes(data)


def with_true_sums(png: bytes) -> bytes:
    """A PNG with the sums of its chunks made right again, so that harm reaches the decoder."""
    data, at = bytearray(png), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(data)


def check_case(case: tuple[str, bytes]) -> None:
    """Read one case; anything but a picture or a sentence, or a wait of more than `MOST_SECONDS`, fails."""
    began = time.monotonic()
    try:
        check_picture(read_picture(io.BytesIO(case[1]), name="<the file>"))
    except (BadInput, OutOfMemory) as error:
        check_sentence(error, "<the file>")
    assert time.monotonic() - began < MOST_SECONDS


def run(cases: int, start: int, seconds: float = 86400.0) -> int:
    """Try `cases` cases from the seed `start`, in rounds, for at most `seconds`. Returns how many were tried. Raises what a case raised."""
    os.environ.setdefault(LIMIT_VARIABLE, "4")  # harm to a header asks for gigabytes otherwise, which is tested elsewhere
    tried, began = 0, time.monotonic()
    while tried < cases and time.monotonic() - began < seconds:
        examples = min(1000, cases - tried)
        options = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=EVERY_CHECK)
        seed(start + tried)(options(given(damaged())(check_case)))()
        tried += examples
    return tried


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=86400.0)
    chosen = parser.parse_args()
    tried = run(chosen.cases, chosen.seed, chosen.seconds)
    sys.stdout.write(f"{tried} damaged files: each a picture or a sentence\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
