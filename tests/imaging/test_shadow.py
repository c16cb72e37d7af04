"""Drop shadows: where they fall, and how they lie under the subject."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from u2studio.shared_core.imaging.composite import composite
from u2studio.shared_core.imaging.shadow import drop_shadow, lay_over_shadow


def test_a_hard_shadow_is_the_moved_subject():
    alpha = torch.zeros(1, 20, 30)
    alpha[0, 5:10, 10:15] = 1
    shadow = drop_shadow(alpha, 4, -3, 0, 0.5)
    expected = torch.zeros(1, 20, 30)
    expected[0, 2:7, 14:19] = 0.5
    assert torch.equal(shadow, expected)


def test_a_shadow_moved_out_of_the_picture_is_gone():
    assert float(drop_shadow(torch.ones(1, 10, 10), 10, 0, 2, 1).max()) == 0


@pytest.mark.parametrize("as_bytes", [False, True])
def test_one_layer_looks_like_shadow_then_subject(as_bytes):
    foreground, alpha, shadow = torch.rand(2, 15, 12, 3), torch.rand(2, 15, 12), torch.rand(2, 15, 12) * 0.7
    background = torch.rand(1, 15, 12, 3)
    shade = torch.tensor([32 / 255, 0.0, 64 / 255]).expand(2, 15, 12, 3)
    expected = composite(foreground, alpha, composite(shade, shadow, background))
    layer, whole = lay_over_shadow(foreground.mul(255).round().byte() if as_bytes else foreground, alpha, shadow, "#200040")
    layer = layer.float() / 255 if as_bytes else layer
    torch.testing.assert_close(composite(layer, whole, background), expected, atol=1.5 / 255 if as_bytes else 1e-5, rtol=0)


def test_an_opaque_subject_keeps_its_colours():
    foreground = torch.randint(0, 256, (1, 8, 8, 3), dtype=torch.uint8)
    layer, alpha = lay_over_shadow(foreground, torch.ones(1, 8, 8), torch.full((1, 8, 8), 0.6))
    assert torch.equal(layer, foreground)
    assert torch.equal(alpha, torch.ones(1, 8, 8))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(-40, 40), st.integers(-40, 40), st.floats(0, 50), st.floats(0, 1))
def test_any_shadow_stays_in_range(height, width, right, down, softness, opacity):
    alpha = torch.rand(1, height, width)
    shadow = drop_shadow(alpha, right, down, softness, opacity)
    assert shadow.shape == alpha.shape
    assert 0 <= float(shadow.min()) <= float(shadow.max()) <= opacity + 1e-6
