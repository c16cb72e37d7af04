"""A second, closer look at the subject: the network sees the subject's surroundings, then overlapping tiles along its uncertain edge.

Where it stands in `matte`: network → detail → edge refinement. For one picture, or a batch:

    alpha = detail_alpha(network, image, estimate.alpha, preprocess, job.progress)
    alpha = fit_to_edges(image, alpha, refine, width, job.progress)

The edge width stays what it is without detail: where no closer answer was believed, the edge is still the first look's.

A network that finds what catches the eye is sure of itself on any tile, and often wrong: on a shoulder it may cut out a button. So nothing is taken
from a closer look but what agrees with the look before when both are blurred to that look's pixels, and only along its uncertain band.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..arrays import Array, alike, as_array, floats, is_on_cpu, library
from ..imaging.areas import area_means
from ..imaging.planes import box_mean, window_extremes
from ..imaging.resize import enlarge_map
from ..imaging.tiles import Tile, Tiling
from ..models.cards import Profile
from ..models.source import Model
from ..progress import Progress, silent
from .network_alpha import network_input, read_map

__all__ = ["detail_alpha"]

MARGIN = 0.2
"""of the subject's extent, on each side, that the closer look shows around it"""
SUBJECT = 0.3
"""alphas above this count for the subject's extent"""
CLOSER = 1.7
"""how many times closer the tiles look than the look at the whole subject: nearer still, a tile holds no subject and the answers get worse"""
UNCERTAIN = 0.04
"""a blurred alpha nearer to 0 or 1 is certain"""
BAND = 1.5
"""how far the band reaches beyond what is uncertain, in pixels of the look before"""
TRUST_WHOLE, TRUST_PART = 0.7, 0.25
"""the difference to the look before, both blurred, at which an answer counts for a third: one that saw the whole subject, and one that saw a part"""
SAME_SUBJECT = 0.5
"""the correlation with the look before, both blurred, above which an answer speaks of the same subject at all"""
NOTHING_NEW = 0.95
"""a subject's surroundings that fill this share of the picture's height and width were seen closely enough"""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class _Look:
    """How closely a part of the picture is looked at."""

    box: Box
    """top, left, bottom, right, in pixels of the picture"""
    side: float
    """of the square the network sees at once, in pixels of the picture"""
    before: float
    """pixels of the picture in a pixel of the look before"""
    trust: float
    """one of `TRUST_WHOLE` and `TRUST_PART`"""


def detail_alpha(network: Model, image: Array, alpha: Array, profile_name: str, progress: Progress = silent) -> Array:
    """Look again, closer, along the uncertain band of a network's alpha. Costs a pass for the subject and about nine for tiles of it.

    Pictures whose subject is seen closely enough already, and pictures without one, keep their alpha. Answers are held in the
    network's own pixels, so beside the result memory stays below what the network itself takes.

    Args:
        network: the model that made the alpha.
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        alpha: as the network gave it, not yet refined, 0..1, [B, H, W].
        profile_name: a profile of the network's card.
        progress: told before each pass of the network.
    Returns: alpha, float32 0..1, [B, H, W].
    Raises: BadInput, for a profile the card does not have. Cancelled, through `progress`.
    """
    profile = network.card.profile(profile_name)
    detailed = floats(alpha, copy=True)
    for one in range(len(alpha)):
        for look in _looks(detailed[one], profile.preprocess.size):
            _look_closer(network, image[one : one + 1], detailed[one], profile, look, progress)
    return detailed


def _looks(alpha: Array, size: int) -> list[_Look]:
    """The closer looks worth a pass: none enlarges the picture for the network."""
    box = _surroundings(alpha)
    if box is None:
        return []
    height, width = box[2] - box[0], box[3] - box[1]
    side, before, looks = float(max(height, width)), max(alpha.shape) / size, list[_Look]()
    if side >= size and (height < NOTHING_NEW * alpha.shape[0] or width < NOTHING_NEW * alpha.shape[1]):
        looks.append(_Look(box=box, side=side, before=before, trust=TRUST_WHOLE))
        before = side / size
    if side >= CLOSER * size:
        looks.append(_Look(box=box, side=side / CLOSER, before=before, trust=TRUST_PART))
    return looks


def _surroundings(alpha: Array) -> Box | None:
    """The subject's extent with a margin; None where there is no subject."""
    subject = alpha > SUBJECT
    ends: list[tuple[int, int]] = []
    for axis in (1, 0):
        (places,) = as_array(subject.any(axis)).nonzero()
        if not len(places):
            return None
        first, last = int(places[0]), int(places[-1]) + 1
        margin = round(MARGIN * (last - first))
        ends.append((max(0, first - margin), min(subject.shape[1 - axis], last + margin)))
    return ends[0][0], ends[1][0], ends[0][1], ends[1][1]


def _look_closer(network: Model, image: Array, alpha: Array, profile: Profile, look: _Look, progress: Progress) -> None:
    """Bring one look's answers into the alpha of one picture, [H, W]. Worked in the network's pixels; what does not change keeps its exact value."""
    top, left, bottom, right = look.box
    size = profile.preprocess.size
    pitch = look.side / size
    part = alpha[top:bottom, left:right]
    height, width = (max(1, round(length / pitch)) for length in part.shape)
    coarse = area_means(part[None], height, width)[0]
    xp = library(coarse)
    blocks = max(1, round(0.75 * look.before / pitch))
    blurred = _blurred(coarse, blocks)
    uncertain = (blurred > UNCERTAIN) & (blurred < 1 - UNCERTAIN)
    change = xp.zeros_like(coarse)
    tiles = [tile for tile in Tiling(height, width, size, size // 2, alpha) if uncertain[tile.rows, tile.columns].any()]
    for number, tile in enumerate(tiles):
        progress(number, len(tiles), "looking closer")
        place = tile.rows, tile.columns
        answer = _answer(network, image, profile, _in_picture(tile, look.box, pitch), coarse[place].shape)
        seen = _blurred(answer, blocks)
        if _correlation(seen, blurred[place]) > SAME_SUBJECT:
            apart = (seen - blurred[place]) / look.trust
            change[place] += tile.window * xp.exp(-apart * apart) * (answer - coarse[place])
    change *= _band(uncertain, look.before / pitch) * alike(_fade(look.box, alpha.shape, change.shape), change)
    part += _enlarged(change, *part.shape)
    xp.clip(part, 0, 1, out=part)


def _in_picture(tile: Tile, box: Box, pitch: float) -> tuple[slice, slice]:
    """Where a tile lies in the picture."""
    top, left, bottom, right = box
    rows = slice(top + round(tile.rows.start * pitch), min(bottom, top + round(tile.rows.stop * pitch)))
    return rows, slice(left + round(tile.columns.start * pitch), min(right, left + round(tile.columns.stop * pitch)))


def _answer(network: Model, image: Array, profile: Profile, place: tuple[slice, slice], shape: tuple[int, int]) -> Array:
    """What the network says of a part of the picture, unstretched: a part need not hold both subject and background."""
    prepared, (top, left, height, width) = network_input(image[:, place[0], place[1]], profile.preprocess)
    logits = network(prepared)[0][:, :, top : top + height, left : left + width]
    answer = read_map(logits, replace(profile.reading, min_max="never", eight_bit=False))
    return enlarge_map(answer, *shape)[0]


def _correlation(one: Array, other: Array) -> float:
    """-1..1; 0 where either is constant."""
    one, other = one - one.mean(), other - other.mean()
    scale = float((one * one).mean()) * float((other * other).mean())
    return float((one * other).mean()) / max(scale**0.5, 1e-6)


def _blurred(plane: Array, radius: int) -> Array:
    return _mean(_mean(plane, radius), radius)


def _mean(plane: Array, radius: int) -> Array:
    """Not by running sums of float32, which leave 1e-7 where all is 0: what does not change must not change at all."""
    if is_on_cpu(plane):
        return box_mean(plane, radius)  # its sums are float64
    import torch.nn.functional as F

    return F.avg_pool2d(plane[None], 2 * radius + 1, 1, radius, count_include_pad=False)[0]


def _enlarged(change: Array, height: int, width: int) -> Array:
    """Bilinear; of any values, not only 0..1."""
    if is_on_cpu(change):
        return alike(cv2.resize(as_array(change), (width, height), interpolation=cv2.INTER_LINEAR), change)
    import torch.nn.functional as F

    return F.interpolate(change[None, None], size=(height, width), mode="bilinear", align_corners=False)[0, 0]


def _band(uncertain: Array, before: float) -> Array:
    """1 along the uncertain band, softly falling to 0 beyond `BAND` pixels of the look before, which cover `before` of these."""
    _, wide = window_extremes(floats(uncertain), max(1, round(BAND * before)))
    return _mean(wide, max(1, round(before / 2)))


def _fade(box: Box, picture: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """1, falling to 0 at those sides of the box that are not sides of the picture. float32, of the shape [h, w]"""
    fades: list[np.ndarray] = []
    for first, last, length, count in ((box[0], box[2], picture[0], shape[0]), (box[1], box[3], picture[1], shape[1])):
        place = (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(count)
        steps = place / (MARGIN / 4) if first else np.ones_like(place)
        fades.append(np.minimum(steps, (1 - place) / (MARGIN / 4) if last < length else 1).clip(0, 1))
    return fades[0][:, None] * fades[1]
