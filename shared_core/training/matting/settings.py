"""The tables a matting recipe has beside the core's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from ..settings import Count, Positive, Range, Share

__all__ = ["Augmentation", "Data", "Loss", "MattingSettings", "NetworkSettings", "SideWeights"]

Side = Annotated[int, Range(16, 4096)]


@dataclass(frozen=True, kw_only=True)
class Data:
    """Which pictures, and how they become samples."""

    train: tuple[str, ...] = ()
    """folders; ~ and $VARIABLES count, relative ones start from the current folder"""
    validation: tuple[str, ...] = ()
    """folders; none: what MANIFEST.tsv of the training folders calls val, else a part of the training pictures"""
    held_out: Share = 0.1
    """the part of the training pictures kept for validation, where nothing else says which"""
    layout: Literal["auto", "folders", "labelme", "halves"] = "auto"
    """folders: photos and masks of one name in two folders; labelme: its JSON beside the photos; halves: photo left and drawing right in one file"""
    size: Side = 320
    """height and width everything is resized to, pixels; the aspect is not kept"""
    crop: Side = 288
    """height and width of the random part that is trained on"""
    resize: Literal["antialiased", "bilinear"] = "antialiased"
    """as the cards' preprocessing; bilinear is how the authors' scikit-image of 2020 shrank"""
    soft_labels: bool = False
    """masks are alphas: resized with their grays, and taken as they are; else each is divided by its own maximum, pixels picked as the authors do"""
    invert: bool = False
    """black is 1: drawings, whose lines the network shall find"""
    classes: tuple[str, ...] = ()
    """names of the classes, the background first, where there are more than subject and background: masks hold their numbers, labelme's labels their names"""
    align_faces: bool = False
    """bring each face to one place by the five landmarks in NAME.txt beside the photo, white around it"""
    boxes: Literal["grabcut", "fill"] = "grabcut"
    """what labelme's rectangles become: the subject that GrabCut finds in them, or the rectangle"""


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Chance on the way from picture to sample."""

    flip_horizontal: Share = 0.5
    flip_vertical: Share = 0.0
    brightness: Share = 0.0
    """colours are multiplied by 1 ± this at most"""
    contrast: Share = 0.0
    """distances from the picture's mean are multiplied by 1 ± this at most"""
    noise: Share = 0.0
    """standard deviation of Gaussian noise, of 0..1"""


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """The network and where its weights begin."""

    name: Literal["u2netp", "u2net"] = "u2netp"
    start: str = ""
    """weights to begin with: a card's id or a file; empty: chance"""
    init: Literal["pytorch", "xavier"] = "pytorch"
    """the chance: PyTorch's own (the authors' code), or Xavier's uniform with biases 0 (their paper)"""
    extra_level: bool = False
    """one level more in the first and the last stage, for small things in large pictures; published weights do not fit"""
    separable: bool = False
    """convolutions inside the stages split into depth and width: a third of the weights; published ones do not fit"""
    prune: Share = 0.0
    """share of the channels inside each stage to leave out, those of the start weights that carry least; train on to make up for it"""
    unfold: bool = False
    """give start weights whose batch-norm was folded into the convolutions (the embedded ones) batch-norm again, measured on eight training pictures"""
    fp32_stages: tuple[str, ...] = ()
    """stages kept in float32 where the recipe's precision is bf16, such as stage2d, which cancels large numbers in the authors' U²-NetP"""
    checkpointing: bool = False
    """forget what stages computed and compute it again for the gradient: a third more time, far less memory"""


@dataclass(frozen=True, kw_only=True)
class SideWeights:
    """What each output counts from a step on; between two of these, weights change evenly."""

    step: Count = 0
    weights: tuple[Positive, Positive, Positive, Positive, Positive, Positive, Positive] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    """of d0 (fused), d1 … d6"""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Weights of the terms; each is summed over the seven outputs."""

    bce: Positive = 1.0
    """cross-entropy: binary for one subject, over the classes where there are several"""
    dice: Positive = 0.0
    iou: Positive = 0.0
    ssim: Positive = 0.0
    edge: Positive = 0.0
    sides: tuple[SideWeights, ...] = (SideWeights(),)
    class_weights: tuple[Positive, ...] = ()
    """what each class counts in the cross-entropy; none: all alike"""


@dataclass(frozen=True, kw_only=True)
class MattingSettings:
    """All of a matting recipe's own tables."""

    data: Data = field(default_factory=Data)
    augmentation: Augmentation = field(default_factory=Augmentation)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    loss: Loss = field(default_factory=Loss)
