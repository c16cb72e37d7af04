"""Picture files: found, read, named and written.

A name is loaded when it is asked for: finding and naming files needs the standard library alone, reading and writing them numpy and Pillow, and OpenCV only
where a file does. Torch is never loaded.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .find import Found, find_pictures
    from .formats import FORMATS, READABLE_SUFFIXES, format_for, shown
    from .hidden import clear_hidden_colours
    from .names import OutputNames
    from .picture import Metadata, Picture
    from .profiles import from_srgb, in_srgb
    from .read import read_picture
    from .whole import check_target, remove_leftovers
    from .write import read_provenance, write_picture, write_svg

__all__ = [
    "FORMATS",
    "READABLE_SUFFIXES",
    "Found",
    "Metadata",
    "OutputNames",
    "Picture",
    "check_target",
    "clear_hidden_colours",
    "find_pictures",
    "format_for",
    "from_srgb",
    "in_srgb",
    "read_picture",
    "read_provenance",
    "remove_leftovers",
    "shown",
    "write_picture",
    "write_svg",
]

_HOMES = {
    "find": ("Found", "find_pictures"),
    "formats": ("FORMATS", "READABLE_SUFFIXES", "format_for", "shown"),
    "hidden": ("clear_hidden_colours",),
    "names": ("OutputNames",),
    "picture": ("Metadata", "Picture"),
    "profiles": ("from_srgb", "in_srgb"),
    "read": ("read_picture",),
    "whole": ("check_target", "remove_leftovers"),
    "write": ("read_provenance", "write_picture", "write_svg"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
