"""The classical engine, on shapes whose drawing one knows, and on faces where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from u2studio.shared_core.imaging.files import read_picture
from u2studio.shared_core.imaging.flow import EYE, edge_flow, luminance, smear
from u2studio.shared_core.imaging.flow_dog import flow_dog_ink


def _picture(gray: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(gray)[None, ..., None].repeat(1, 1, 1, 3)


@pytest.fixture(scope="module")
def disc() -> NDArray[np.float32]:
    """A gray disc of radius 150 in the middle of light gray, 512 × 512, with a soft edge."""
    rows, columns = np.mgrid[:512, :512] - 255.5
    return (0.75 + 0.1 * np.clip(np.hypot(rows, columns) - 150, -1, 1)).astype(np.float32)


def test_flow_runs_along_the_edge(disc: NDArray[np.float32]) -> None:
    flow = edge_flow(disc, 2)
    for degrees in range(0, 360, 20):
        angle = np.deg2rad(degrees)
        row, column = round(255.5 + 150 * np.sin(angle)), round(255.5 + 150 * np.cos(angle))
        along = -np.sin(angle) * flow.x[row, column] + np.cos(angle) * flow.y[row, column]
        assert abs(along) > 0.99
        assert flow.coherence[row, column] > 0.9


def test_smearing_along_the_flow_keeps_a_ring(disc: NDArray[np.float32]) -> None:
    rows, columns = np.mgrid[:512, :512] - 255.5
    ring = (np.abs(np.hypot(rows, columns) - 150) < 2).astype(np.float32)
    found = smear(ring, edge_flow(disc, 2), 8)
    assert found[ring > 0].mean() > 0.9
    noise = np.random.default_rng(0).standard_normal((512, 512)).astype(np.float32)
    assert smear(noise, edge_flow(disc, 2), 8)[ring > 0].std() < 0.5


def test_an_edge_becomes_a_line_and_nothing_else_is_drawn(disc: NDArray[np.float32]) -> None:
    ink = flow_dog_ink(_picture(disc))[0].numpy()
    rows, columns = np.mgrid[:512, :512] - 255.5
    distance = np.abs(np.hypot(rows, columns) - 150)
    for degrees in range(0, 360, 10):
        angle = np.deg2rad(degrees)
        ray = [ink[round(255.5 + r * np.sin(angle)), round(255.5 + r * np.cos(angle))] for r in range(140, 160)]
        assert max(ray) > 0.9, degrees
    assert ink[distance > 12].max() < 0.05


def test_black_is_solid() -> None:
    gray = np.full((300, 300), 0.9, np.float32)
    gray[100:200, 80:220] = 0.02
    ink = flow_dog_ink(_picture(gray))[0]
    assert ink[105:195, 85:215].min() > 0.95


def test_arrays_are_drawn_as_tensors_are(photo: torch.Tensor) -> None:
    shown = torch.ones(1, *photo.shape[1:3])
    shown[:, :30] = 0
    for told in (None, shown):
        of_tensor, of_array = flow_dog_ink(photo, told), flow_dog_ink(photo.numpy(), None if told is None else told.numpy())
        assert isinstance(of_tensor, torch.Tensor)
        assert isinstance(of_array, np.ndarray)
        assert of_array.dtype == np.float32
        np.testing.assert_array_equal(of_array, of_tensor.numpy())


def test_brightness_is_the_sum_of_what_the_eye_sees() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (40, 30, 4), np.uint8)
    expected = photo[..., :3] / 255 @ EYE.astype(np.float64)
    for given in (photo, torch.from_numpy(photo), (photo / 255).astype(np.float32)):
        assert np.abs(luminance(given) - expected).max() < 1e-6
    assert np.array_equal(luminance(np.full((3, 5, 3), 255, np.uint8)), np.ones((3, 5)))


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_nothing_is_drawn_of_an_even_picture(level: float) -> None:
    ink = flow_dog_ink(_picture(np.full((40, 70), level, np.float32)))
    assert ink.max() < 0.01


def test_padding_and_its_edge_are_not_drawn(photo: torch.Tensor) -> None:
    crop = photo[:, 20:240, 20:240]
    padded = torch.full((1, 300, 260, 3), 255, dtype=torch.uint8)
    padded[:, 40:260, 20:240] = crop
    shown = torch.zeros(1, 300, 260)
    shown[:, 40:260, 20:240] = 1
    upper = slice(38, 44), slice(21, 60)  # a bright wall up to the photo's edge
    assert flow_dog_ink(padded, torch.ones(1, 300, 260))[0][upper].max() > 0.5
    for ink in (flow_dog_ink(padded, shown)[0], flow_dog_ink(padded)[0]):  # told, and seen
        assert ink[shown[0] == 0].max() < 0.01
        assert ink[upper].max() < 0.1


def test_a_white_background_is_no_padding(disc: NDArray[np.float32]) -> None:
    white = np.where(disc < 0.8, disc, 1).astype(np.float32)
    assert torch.equal(flow_dog_ink(_picture(white)), flow_dog_ink(_picture(white), torch.ones(1, 512, 512)))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2), (33, 1)])
def test_the_smallest_pictures(size: tuple[int, int]) -> None:
    ink = flow_dog_ink(torch.rand((2, *size, 3), generator=torch.Generator().manual_seed(1)), torch.zeros(1, *size))
    assert ink.shape == (2, *size)
    assert float(ink.abs().max()) == 0


def test_the_same_drawing_at_any_size(photo: torch.Tensor) -> None:
    small = flow_dog_ink(photo)[0].numpy()
    large_photo = cv2.resize(photo[0].numpy(), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    large = flow_dog_ink(torch.from_numpy(large_photo)[None])[0].numpy()
    assert np.abs(cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA) - small).mean() < 0.04


PAIRS = Path(os.environ.get("U2STUDIO_DATA", "")) / "portrait_pairs"


@pytest.mark.skipif(not os.environ.get("U2STUDIO_DATA"), reason="U2STUDIO_DATA is not set: no portrait_pairs")
@pytest.mark.parametrize("name", ["kid1_full", "man4_full"])
def test_what_the_authors_network_draws_is_drawn(name: str) -> None:
    (file,) = PAIRS.glob(f"{name}_photo.*")
    ours = flow_dog_ink(torch.from_numpy(read_picture(file).pixels)[None])[0].numpy() > 0.5
    theirs = read_picture(PAIRS / f"{name}_drawing.png").as_alpha() < 128
    assert ours[_near(theirs)].sum() / ours.sum() > 0.75
    assert theirs[_near(ours)].sum() / theirs.sum() > 0.9


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
