"""From a photo through a network to a coarse alpha, by the numbers on the network's card."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..imaging.resize import enlarge_map, shrink, truncated_to_bytes
from ..models.cards import Preprocess, Reading
from ..models.source import Model

__all__ = ["estimate_alpha"]

SURE = 0.5
"""a map whose maximum stays below this holds no subject the network believes in, and is not stretched into one"""


def estimate_alpha(network: Model, image: Tensor, profile_name: str) -> Tensor:
    """The network's alpha of each picture, enlarged to the picture's size.

    Args:
        network: a model whose card has the profile.
        image: [B, H, W, 3 or 4], uint8 or float32 0..1.
        profile_name: a profile of the card.
    Returns: float32 0..1, [B, H, W], on the image's device.
    Raises: BadInput, for a profile the card does not have.
    """
    profile = network.card.profile(profile_name)
    height, width = image.shape[1:3]
    prepared, (top, left, inner_height, inner_width) = network_input(image, profile.preprocess)
    logits = network(prepared)[0].to(image.device)
    coarse = read_map(logits[:, :, top : top + inner_height, left : left + inner_width], profile.reading)
    return enlarge_map(coarse, height, width, profile.reading.enlarge, in_bytes=profile.reading.eight_bit).clamp_(0, 1)


def network_input(image: Tensor, preprocess: Preprocess) -> tuple[Tensor, tuple[int, int, int, int]]:
    """What the network sees, [B, 3, size, size], and where in it the picture lies: top, left, height, width."""
    size = preprocess.size
    height, width = (size, size) if not preprocess.keep_aspect else _fitted(image.shape[1], image.shape[2], size)
    small = shrink(image, height, width, preprocess.resize)
    if preprocess.divide_by_max:  # by each picture's own maximum, not 255: the weights were trained so (U-2-Net data_loader.py, ToTensorLab)
        small = small / small.amax((1, 2, 3), keepdim=True).clamp_min(1e-6)
    mean, std = (torch.tensor(values, device=small.device)[:, None, None] for values in (preprocess.mean, preprocess.std))
    top, left = (size - height) // 2, (size - width) // 2
    if (height, width) != (size, size):
        small = F.pad(small, (left, size - width - left, top, size - height - top))
    return ((small - mean) / std).contiguous(memory_format=torch.channels_last), (top, left, height, width)


def read_map(logits: Tensor, reading: Reading) -> Tensor:
    """Logits [B, classes, h, w] → alpha [B, h, w], 0..1, as the card reads it. Of several classes, all but the first (background) are the subject."""
    alpha = 1 - logits.softmax(1)[:, 0] if reading.activation == "softmax" else logits[:, 0].sigmoid()
    if reading.invert:
        alpha = 1 - alpha
    low, high = alpha.amin((1, 2), keepdim=True), alpha.amax((1, 2), keepdim=True)
    # a map without contrast has nothing to stretch: the published programs divide zero by zero there
    stretched = torch.where(high - low > 1e-6, (alpha - low) / (high - low).clamp_min(1e-6), torch.zeros_like(alpha))
    if reading.min_max == "always":
        alpha = stretched
    elif reading.min_max == "confident":
        alpha = torch.where(high > SURE, stretched, alpha)
    return truncated_to_bytes(alpha) if reading.eight_bit else alpha


def _fitted(height: int, width: int, size: int) -> tuple[int, int]:
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))
