"""The six data sets of the U²-Net paper: how their folders are called, and what the paper reports on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadInput

__all__ = ["DATA_SETS", "DataSet", "data_set_folders", "data_set_of"]

PAPER_MEASURES = ("max_f", "mae", "weighted_f", "s_measure", "relaxed_boundary_f")


@dataclass(frozen=True)
class DataSet:
    """A published data set."""

    name: str
    pictures: int
    layouts: tuple[tuple[str, str], ...]
    """folders of photos and of masks below the data set's own, as its archives unpack; empty where every copy has its own"""
    published: Mapping[str, Mapping[str, float]]
    """the paper's figures by network and measure; its max F is `max_f_of_mean_pr`'s reading"""


def _data_set(name: str, pictures: int, layouts: tuple[tuple[str, str], ...], u2net: tuple[float, ...], u2netp: tuple[float, ...]) -> DataSet:
    networks = (("U²-Net, published", u2net), ("U²-Net†, published", u2netp))
    return DataSet(name, pictures, layouts, {network: dict(zip(PAPER_MEASURES, figures, strict=True)) for network, figures in networks})


DATA_SETS = (
    _data_set("DUT-OMRON", 5168, (("DUT-OMRON-image", "pixelwiseGT-new-PNG"),), (0.823, 0.054, 0.757, 0.847, 0.702), (0.813, 0.060, 0.731, 0.837, 0.676)),
    _data_set("DUTS-TE", 5019, (("DUTS-TE-Image", "DUTS-TE-Mask"),), (0.873, 0.044, 0.804, 0.861, 0.765), (0.852, 0.054, 0.763, 0.847, 0.723)),
    _data_set("HKU-IS", 4447, (("imgs", "gt"),), (0.935, 0.031, 0.890, 0.916, 0.812), (0.928, 0.037, 0.867, 0.908, 0.794)),
    _data_set("ECSSD", 1000, (("images", "ground_truth_mask"),), (0.951, 0.033, 0.910, 0.928, 0.836), (0.943, 0.041, 0.885, 0.918, 0.808)),
    _data_set("PASCAL-S", 850, (("datasets/imgs/pascal", "datasets/masks/pascal"),), (0.859, 0.074, 0.797, 0.844, 0.657), (0.849, 0.086, 0.768, 0.831, 0.627)),
    _data_set("SOD", 300, (), (0.861, 0.108, 0.748, 0.786, 0.613), (0.841, 0.124, 0.697, 0.759, 0.559)),
)
"""Source of the figures: Qin et al. 2020, tables 3 and 4; U²-Net† is U²-NetP."""

PLAIN_LAYOUTS = (("images", "masks"), ("images", "gt"), ("im", "gt"), ("Imgs", "GT"), ("Image", "Mask"), (".", "."))
"""how people call the two folders of their own data; the last: photos (.jpg) and masks (.png) side by side"""


def data_set_folders(folder: Path) -> tuple[Path, Path]:
    """The folders of photos and of masks below `folder`, by the layouts of the six data sets and the plain ones. Raises: BadInput, naming what was tried."""
    tried = list(dict.fromkeys([layout for one in DATA_SETS for layout in one.layouts] + list(PLAIN_LAYOUTS)))
    for photos, masks in tried:
        if (folder / photos).is_dir() and (folder / masks).is_dir():
            return folder / photos, folder / masks
    raise BadInput("{folder} holds no photos with masks; looked for: {tried}.", folder=folder, tried="; ".join(f"{a} + {b}" for a, b in tried))


def data_set_of(folder: Path) -> DataSet | None:
    """Which of the six data sets `folder` is called after, if any."""
    for one in DATA_SETS:
        if _plain(folder.name) == _plain(one.name):
            return one
    return None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()
