"""Pictures of bytes made smaller by a bilinear filter as wide as the shrinking, as Pillow's BILINEAR does it.

By the package cykooz-resizer (part of the `fast` extra), else by PyTorch: both need a tenth of Pillow's time and give the same bytes, so that masks are
the same in every host. Pillow rounds the other direction first, which moves a tenth of the bytes by one.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from ..arrays import as_tensor
from ..processors import settle_pytorch
from .alone import each

__all__ = ["shrink_bytes"]

_PART_BYTES = 6 << 20
"""worked at once. Each part is copied twice on its way, which takes most of the time: large ones want memory, small ones read more rows twice"""


def shrink_bytes(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture at another size.

    Args:
        image: uint8, [H, W, 3].
        height: target, in pixels, ≥ 1.
        width: target, in pixels, ≥ 1.
    Returns: uint8, [height, width, 3].
    """
    try:
        import cykooz_resizer as fast
    except ImportError:
        return _by_pytorch(image, height, width)
    made = np.empty((height, width, 3), np.uint8)
    parts = min(height, max(1, image.nbytes // _PART_BYTES))
    edges = (height * part // parts for part in range(parts + 1))
    each(partial(_shrink_rows, fast, image, made), [slice(*rows) for rows in pairwise(edges)], image)
    return made


def _shrink_rows(fast: Any, image: np.ndarray, made: np.ndarray, rows: slice) -> None:
    """Rows of the result, from the rows that their filters reach."""
    scale = len(image) / len(made)
    reach = max(scale, 1.0)
    first = max(0, int((rows.start + 0.5) * scale - reach) - 1)
    last = min(len(image), int((rows.stop - 0.5) * scale + reach) + 2)
    source = fast.ImageData(image.shape[1], last - first, fast.PixelType.U8x3, image[first:last].tobytes())
    target = fast.ImageData(made.shape[1], rows.stop - rows.start, fast.PixelType.U8x3)
    top = rows.start * scale - first
    box = fast.CropBox(0, top, image.shape[1], min((rows.stop - rows.start) * scale, last - first - top))
    fast.Resizer().resize(source, target, fast.ResizeOptions(fast.ResizeAlg.convolution(fast.FilterType.bilinear), crop_box=box))
    made[rows] = np.frombuffer(target.get_buffer(), np.uint8).reshape(made[rows].shape)


def _by_pytorch(image: np.ndarray, height: int, width: int) -> np.ndarray:
    import torch.nn.functional as F

    settle_pytorch()
    planes = as_tensor(image).permute(2, 0, 1)[None]
    for size in ((height, image.shape[1]), (height, width)):  # rows first, as the package does, so that both round alike
        planes = F.interpolate(planes, size=size, mode="bilinear", align_corners=False, antialias=True)
    return planes[0].permute(1, 2, 0).numpy()
