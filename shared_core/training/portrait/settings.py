"""The tables a portrait recipe has beside the core's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from ..recipe import Optimizer
from ..settings import Count, Positive, Range, Share

__all__ = ["Adversary", "Augmentation", "Data", "Loss", "NetworkSettings", "PortraitSettings"]

SIDES = (1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25)
Angle = Annotated[float, Range(0, 180)]


@dataclass(frozen=True, kw_only=True)
class Data:
    """Which pairs of photo and drawing; `pairs` says which layouts are read."""

    train: tuple[str, ...] = ()
    """folders; ~ and $VARIABLES count, relative ones start from the current folder"""
    validation: tuple[str, ...] = ()
    """folders; none: what MANIFEST.tsv of the training folders calls val, else a part of the training pairs"""
    held_out: Share = 0.1
    """the part of the training pairs kept for validation, where nothing else says which"""
    align_faces: bool = False
    """bring each face to one place by the five landmarks in NAME.txt beside the photo, as APDrawing's are meant to be"""
    crop: Annotated[int, Range(64, 2048)] = 256
    """height and width of a sample, pixels of the picture at 512"""


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Chance on the way from pair to sample."""

    flip: Share = 0.5
    zoom: Annotated[float, Range(1, 4)] = 1.33
    """sizes between 1 / this and this, evenly in the logarithm"""
    stretch: Share = 0.08
    """width against height, ± this at most"""
    turn: Angle = 10.0
    """standard deviation of the angle, degrees; never more than 2.5 times as much"""
    frame: Share = 0.25
    """chance that the photo ends inside the sample, with white beyond, as in crops of heads at a photo's edge"""
    background: Share = 0.4
    """chance that what is not the person becomes a plain, a graded or a blurred other picture; the ink there goes"""
    gray: Share = 0.08
    """chance of a photo without colours"""
    light: Positive = 1.0
    """how far gamma, contrast, brightness, saturation and tint go: `light.lit` has the spreads at 1; 0: not at all"""
    spoil: Share = 0.35
    """chance each of blur, noise and JPEG"""


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """The network is U²-NetP without batch-norm."""

    start: str = "u2netp"
    """weights to begin with: a card's id or a file"""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Weights of the terms. The drawing is d0; the cross-entropy is taken on all seven outputs."""

    bce: Positive = 1.0
    sides: tuple[Positive, Positive, Positive, Positive, Positive, Positive, Positive] = SIDES
    """what each output d0 … d6 counts in it"""
    absolute: Positive = 1.0
    """mean absolute difference of ink"""
    slopes: Positive = 1.0
    """mean absolute difference of neighbouring pixels' differences"""
    structure: Positive = 0.0
    """1 - structural similarity"""
    adversarial: Positive = 0.0
    """that the critic takes the drawing for an artist's; 0: there is no critic"""
    matching: Positive = 0.0
    """mean absolute difference of what the critic's layers see"""


@dataclass(frozen=True, kw_only=True)
class Adversary:
    """The critic: see `networks.patch_critic`. Used where `loss.adversarial` is not 0."""

    widths: tuple[Annotated[int, Range(1, 1024)], ...] = (32, 64, 128)
    alone: Count = 0
    """steps in which it learns before the network hears of it"""
    start: str = ""
    """file of weights to begin with, such as weights-critic.safetensors of a checkpoint; empty: chance"""
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(learning_rate=4e-4, betas=(0.5, 0.99)))


@dataclass(frozen=True, kw_only=True)
class PortraitSettings:
    """All of a portrait recipe's own tables."""

    data: Data = field(default_factory=Data)
    augmentation: Augmentation = field(default_factory=Augmentation)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    loss: Loss = field(default_factory=Loss)
    adversary: Adversary = field(default_factory=Adversary)
