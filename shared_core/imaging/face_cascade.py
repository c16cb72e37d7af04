"""Faces found with what comes along: scikit-image's frontal-face cascade of local binary patterns, over sizes and in-plane turns.

A coarse scan of small pictures proposes, quick and with many mistakes; each proposal is then looked at closely, at one size and several rolls.
How many of the close windows the cascade accepts is the score: for a face dozens, at its own roll most of all, for a mistake none or a few.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from .alone import each
from .faces import Face, merged, same_face

if TYPE_CHECKING:
    from skimage.feature import Cascade

__all__ = ["BESIDE_THE_LARGEST", "WINDOW", "faces_by_cascade"]

WINDOW = 24
"""pixels; the size of the faces the cascade was trained on, and the smallest it finds"""
COARSEST = 160
"""pixels; the longer side of the smallest picture that is scanned. In each next one, twice as large, faces half as large are found"""
BESIDE_THE_LARGEST = 0.5
"""faces down to this share of the largest one are meant, where no size is asked for"""
NEAR_UPRIGHT = (0, -20, 20)
"""degrees; the cascade itself bears 10 to either side"""
UPRIGHT = (0,)
"""others beside a face that was found are looked for so: the cascade bears a tilt of theirs, and this is what most of the time goes into"""
TURNED = tuple(range(40, 340, 20))
TURNED_LEVELS = 2
"""how many of the pictures are turned all around, which takes long: the smallest where no face was surely found yet, the next where none was found"""
CLOSE_STEP = 10
"""degrees between the rolls of the close look"""
CLOSE_FACE, CLOSE_SIDE = 32, 60
"""pixels: how large the proposed box is in the close look's picture, and that picture"""
HALF_SURE = 9.0
"""accepted windows, over three neighbouring rolls, that make a score of a half; see docs/faces.md"""
LEAST_SCORE, LEAST_SCORE_TURNED, LEAST_SCORE_MORE = 0.5, 0.64, 0.68
"""what counts as a face; as one turned farther than the upright scans reach; as another one beside the best. Those are rarer, mistakes are not"""
SURE = 0.7
"""score from which a face is not looked at again, from another proposal, and no other turn is tried"""
OWN_SIZE = 1.03
"""of the Haar box for one of this cascade; measured, see docs/faces.md"""


class _Seen(NamedTuple):
    """A box in a picture: centre and width in pixels, roll in degrees, accepted windows."""

    x: float
    y: float
    width: float
    roll: float
    windows: float


@cache
def _cascade() -> Cascade:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def faces_by_cascade(pixels: np.ndarray, smallest: float = 0.0, *, only_largest: bool = False) -> list[Face]:
    """Faces of one picture, best first. The score is how many windows the cascade accepts, n / (n + 9).

    Args:
        pixels: RGB, uint8, [H, W, 3]; faces are found from 24 of these pixels.
        only_largest: end with the first face that is surely one: every pass looks for smaller ones than the last.
        smallest: width of the smallest face's box to look for, px; 0: half as large as the largest found, which is looked for in all sizes.
    """
    levels, side = _levels(pixels), max(pixels.shape[:2])
    found: list[Face] = []
    for number, planned in _passes(len(levels)):
        turns = UPRIGHT if found and planned is NEAR_UPRIGHT else planned
        wanted = smallest or BESIDE_THE_LARGEST * max((face.width for face in found), default=0.0)
        smaller_yet = not number or wanted * max(levels[number - 1].shape) / side < WINDOW
        enough = turns is TURNED and any(face.score >= (0 if number else SURE) for face in found)
        if only_largest and any(face.score >= SURE for face in found):
            break
        if smaller_yet and not enough:
            found = merged([*found, *_scan(levels, number, turns, side, wanted)])
    found = [face for face in found if face.width >= smallest]
    return [*found[:1], *(face for face in found[1:] if face.score >= LEAST_SCORE_MORE)]


def _passes(levels: int) -> list[tuple[int, tuple[int, ...]]]:
    """Which level is scanned with which turns, in this order: what is likely and quick first."""
    upright = [(number, NEAR_UPRIGHT) for number in range(levels)]
    return [*upright[:TURNED_LEVELS], *((number, TURNED) for number in range(min(TURNED_LEVELS, levels))), *upright[TURNED_LEVELS:]]


def _levels(pixels: np.ndarray) -> list[np.ndarray]:
    """Gray pictures of 160, 320, 640 … pixels, up to about the picture's own size; one that is smaller than 160 is enlarged."""
    side = max(pixels.shape[:2])
    count = max(0, round(math.log2(max(1.0, side / COARSEST))))
    levels: list[np.ndarray] = []
    for target in (COARSEST * 2**exponent for exponent in range(count, -1, -1)):
        source = levels[-1] if levels else pixels
        scale = target / side
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        made = cv2.resize(source, size, interpolation=cv2.INTER_AREA if target <= max(source.shape[:2]) else cv2.INTER_CUBIC)
        levels.append(made if levels else cv2.cvtColor(made, cv2.COLOR_RGB2GRAY))
    return levels[::-1]


def _face(seen: _Seen, scale: float) -> Face:
    x, y, width, roll, windows = (float(value) for value in seen)
    x, y, width = x / scale, y / scale, width * OWN_SIZE / scale
    return Face(left=x - width / 2, top=y - width / 2, width=width, height=width, roll=roll, score=_score(windows))


def _scan(levels: list[np.ndarray], number: int, turns: Iterable[int], side: int, smallest: float) -> list[Face]:
    """Faces in one of the levels: all sizes in the first, in the others those too small for the level before."""
    level = levels[number]
    sizes = max(WINDOW, smallest * max(level.shape) / side), 2 * WINDOW + 8 if number else max(level.shape)
    seen: list[_Seen] = []
    each(lambda turn: seen.extend(_proposals(level, turn, sizes)), turns, level)
    proposals = _apart(sorted(seen))  # which thread was first is chance
    found: list[Face] = []
    for proposal in sorted(proposals, key=lambda one: -one.windows):
        if any(face.score >= SURE and same_face(_face(proposal, max(level.shape) / side), face) for face in found):
            continue
        shrunk = max(1, int(proposal.width / CLOSE_FACE))
        picture = level if shrunk == 1 else cv2.resize(level, None, fx=1 / shrunk, fy=1 / shrunk, interpolation=cv2.INTER_AREA)
        if closer := _close_look(picture, _scaled(proposal, 1 / shrunk)):
            found.append(_face(_scaled(closer, shrunk), max(level.shape) / side))
    return found


def _scaled(seen: _Seen, scale: float) -> _Seen:
    return seen._replace(x=seen.x * scale, y=seen.y * scale, width=seen.width * scale)


def _upright(picture: np.ndarray, middle: tuple[float, float], roll: float, scale: float, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A part of a picture, turned so that heads of this roll are upright; and the matrix from its pixels to the picture's, [2, 3]."""
    cosine, sine = (scale * turn(math.radians(roll)) for turn in (math.cos, math.sin))
    linear = np.array([[cosine, sine], [-sine, cosine]])
    matrix = np.column_stack((linear, np.array(middle) - linear @ (np.array(size) / 2)))  # of points, which pixel centres are half a pixel off
    of_indices = matrix.copy()
    of_indices[:, 2] += linear @ (0.5, 0.5) - 0.5
    return cv2.warpAffine(picture, of_indices, size, flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), matrix


def _accepted(picture: np.ndarray, growth: float, step: float, sizes: tuple[float, float]) -> np.ndarray:
    """Centre and width of every window the cascade accepts, [n, 3]."""
    least, most = (round(size) for size in sizes)
    if min(picture.shape) < WINDOW:
        return np.empty((0, 3))
    found = _cascade().detect_multi_scale(picture, growth, step, (least, least), (most, most), 1, 1.01)  # 1.01: never joined
    return np.array([(one["c"] + one["width"] / 2, one["r"] + one["height"] / 2, one["width"]) for one in found]).reshape(-1, 3)


def _proposals(level: np.ndarray, turn: int, sizes: tuple[float, float]) -> Iterator[_Seen]:
    height, width = level.shape
    cosine, sine = abs(math.cos(math.radians(turn))), abs(math.sin(math.radians(turn)))
    size = math.ceil(width * cosine + height * sine), math.ceil(width * sine + height * cosine)
    turned, matrix = _upright(level, (width / 2, height / 2), turn, 1.0, size)
    for x, y, found in _accepted(turned, 1.2, 1.5, sizes):
        across, down = matrix @ (x, y, 1)
        yield _Seen(across, down, found, turn, 1)


def _apart(proposals: Iterable[_Seen]) -> list[_Seen]:
    """Proposals that lie on each other and have one roll, as one, with their number."""
    groups: list[list[_Seen]] = []
    for one in proposals:
        for group in groups:
            other = group[0]
            if one.roll == other.roll and math.dist(one[:2], other[:2]) < 0.4 * other.width and 0.6 < one.width / other.width < 1.6:
                group.append(one)
                break
        else:
            groups.append([one])
    return [_Seen._make((*np.mean([one[:4] for one in group], 0), len(group))) for group in groups]


def _close_look(picture: np.ndarray, proposal: _Seen) -> _Seen | None:
    """The proposed face's true place, width and roll; None where the cascade accepts too few windows."""
    counts: dict[float, int] = {}
    windows: dict[float, np.ndarray] = {}

    def look(roll: float) -> int:
        if roll not in counts:
            part, matrix = _upright(picture, proposal[:2], roll, proposal.width / CLOSE_FACE, (CLOSE_SIDE, CLOSE_SIDE))
            found = _accepted(part, 1.2, 1.0, (0.75 * CLOSE_FACE, 1.5 * CLOSE_FACE))
            found = found[np.hypot(*(found[:, :2] - CLOSE_SIDE / 2).T) < 0.35 * CLOSE_FACE]
            centres = found[:, :2] @ matrix[:, :2].T + matrix[:, 2]
            windows[roll] = np.column_stack((centres, found[:, 2] * proposal.width / CLOSE_FACE))
            counts[roll] = len(found)
        return counts[roll]

    best = proposal.roll
    if not look(best):
        return None
    while (better := max((best - CLOSE_STEP, best, best + CLOSE_STEP), key=look)) != best and abs(better - proposal.roll) <= 2 * CLOSE_STEP:
        best = better
    rolls = [best - CLOSE_STEP, best, best + CLOSE_STEP]
    total = sum(map(look, rolls))
    if not total:
        return None
    x, y, width = np.concatenate([windows[roll] for roll in rolls]).mean(0)
    roll = (sum(roll * counts[roll] for roll in rolls) / total + 180) % 360 - 180
    least = LEAST_SCORE if abs(roll) < 2 * max(NEAR_UPRIGHT) else LEAST_SCORE_TURNED
    return _Seen(x, y, width, roll, total) if _score(total) >= least else None


def _score(windows: float) -> float:
    return windows / (windows + HALF_SURE)
