"""u2studio: matting, portrait drawing, anime faces and retouch for GIMP, ComfyUI and the command line.

Nothing happens on import. This folder is the importable package `u2studio` and, cloned into `custom_nodes`, a ComfyUI pack.
"""

__version__ = "0.1.0"
