"""What an exported file holds: the network alone, or all the way from a picture to its alpha. Modules to be traced: every size stays open."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import BadInput
from ..models.cards import Card
from ..networks.half_precision import HalfUnit
from ..pipelines.network_alpha import read_map

__all__ = ["NetworkGraph", "PictureGraph"]


class NetworkGraph(nn.Module):
    """The network and its activation.

    `image`, float32 [B, channels, H, W], fed as the card's default profile says → `probability`, float32 [B, classes, H, W], 0..1: the network's
    result (U²-Net: d0) after its sigmoid or softmax. Neither stretched nor inverted.
    """

    takes, makes = "image", "probability"

    def __init__(self, card: Card, network: nn.Module) -> None:
        super().__init__()
        self.net, self.softmax = network, card.profile().reading.activation == "softmax"
        self.input_dtype = _input_dtype(network)

    def forward(self, batch: Tensor) -> Tensor:
        logits = self.logits(batch)
        return logits.softmax(1) if self.softmax else logits.sigmoid()

    def logits(self, image: Tensor) -> Tensor:
        """The network's result before its activation, float32."""
        return self.net(image.to(self.input_dtype))[0].float()


class PictureGraph(NetworkGraph):
    """The network with what comes before and after it.

    `picture`, uint8 [B, H, W, 3], sRGB → `alpha`, float32 [B, H, W], 0..1; of a network that tells classes apart `classes`, [B, classes, H, W].
    In it: the card's default profile, that is shrinking to the network's size (antialiased, in floating point where u2studio rounds to bytes), division by
    the maximum, mean and standard deviation; the network; activation, inversion, stretching; enlarging. Not in it: the test whether there is a subject at
    all, the refinement of the edge, the foreground's colours.

    Raises: BadInput, for a profile that resizes by Lanczos or in bytes.
    """

    takes, makes = "picture", "alpha"

    def __init__(self, card: Card, network: nn.Module) -> None:
        super().__init__(card, network)
        profile = card.profile()
        self.preprocess, self.reading = profile.preprocess, profile.reading
        bytewise = self.preprocess.resize == "lanczos" or self.reading.eight_bit or self.reading.enlarge == "lanczos"
        if bytewise or (self.preprocess.keep_aspect and self.reading.min_max != "never"):
            raise BadInput("What comes before and after the network '{card}' cannot be written into a file; export the network alone.", card=card.id)
        if card.classes:
            self.makes = "classes"
        self.mean: Tensor
        self.std: Tensor
        self.cells: Tensor
        self.register_buffer("mean", torch.tensor(self.preprocess.mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(self.preprocess.std)[:, None, None], persistent=False)
        self.register_buffer("cells", torch.arange(self.preprocess.size, dtype=torch.int32), persistent=False)

    def forward(self, batch: Tensor) -> Tensor:
        planes = batch.permute(0, 3, 1, 2).float() / 255
        rows, columns = (_positions(batch, batch.shape[axis]) for axis in (1, 2))
        longer = torch.maximum(rows[-1], columns[-1]) + 1
        (down, up), (narrow, widen) = self._resizing(rows, longer), self._resizing(columns, longer)
        small = down @ (planes @ narrow.T)
        if self.preprocess.divide_by_max:
            small = small / small.amax((1, 2, 3), keepdim=True).clamp_min(1e-6)
        logits = self.logits((small - self.mean) / self.std)
        found = logits.softmax(1) if self.makes == "classes" else read_map(logits, self.reading)
        return (up @ found @ widen.T).clamp(0, 1)

    def _resizing(self, pixels: Tensor, longer: Tensor) -> tuple[Tensor, Tensor]:
        """Along one side of the photo, n pixels long: the matrices [size, n] that shrink and [n, size] that enlarge.

        How near each cell of the map is to each pixel is counted in whole numbers, because OpenVINO computes in bf16 where the processor can, and that
        would lose all positions beyond 256.
        """
        size, count = self.preprocess.size, pixels[-1] + 1
        fitted = torch.full_like(count, size)
        if self.preprocess.keep_aspect:
            fitted = torch.div(2 * count * size + longer, 2 * longer, rounding_mode="floor").clamp_min(1)
        cells = self.cells - torch.div(size - fitted, 2, rounding_mode="floor")
        apart = ((2 * cells[:, None] + 1) * count - (2 * pixels + 1) * fitted).abs()  # 2 · fitted from pixel to pixel, 2 · count from cell to cell
        inside = ((cells >= 0) & (cells < fitted))[:, None]
        near = (torch.maximum(count, fitted) * 2 - apart).clamp_min(0).float() * inside
        if self.preprocess.resize == "bilinear":  # four neighbours however far it shrinks, black beyond the border
            down = (fitted * 2 - apart).clamp_min(0) / (fitted * 2) * inside
        else:
            down = near / near.sum(1, keepdim=True).clamp_min(1)
        return down, (near / near.sum(0)).T


def _input_dtype(network: nn.Module) -> torch.dtype:
    """float32 also where the first unit of a network in half precision splits the picture itself."""
    if any(isinstance(one, HalfUnit) and one.reads_picture for one in network.modules()):
        return torch.float32
    return next(network.parameters()).dtype


def _positions(like: Tensor, count: int) -> Tensor:
    """0, 1, … [count] int32. Made from a tensor and not by `arange`, which would tie a traced program to one device."""
    return like.new_ones(count, dtype=torch.int32).cumsum(0, dtype=torch.int32) - 1
