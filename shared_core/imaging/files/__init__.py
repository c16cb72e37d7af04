"""Picture files: found, read, named and written. Loads neither torch nor OpenCV until a file needs the latter."""

from .find import Found, find_pictures
from .formats import FORMATS, READABLE_SUFFIXES, format_for, shown
from .names import OutputNames
from .picture import Metadata, Picture
from .profiles import from_srgb, in_srgb
from .read import read_picture
from .write import check_target, read_provenance, remove_leftovers, write_picture

__all__ = [
    "FORMATS",
    "READABLE_SUFFIXES",
    "Found",
    "Metadata",
    "OutputNames",
    "Picture",
    "check_target",
    "find_pictures",
    "format_for",
    "from_srgb",
    "in_srgb",
    "read_picture",
    "read_provenance",
    "remove_leftovers",
    "shown",
    "write_picture",
]
