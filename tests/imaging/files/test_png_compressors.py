from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from u2studio.shared_core.imaging import alone
from u2studio.shared_core.imaging.files import png, png_rows
from u2studio.shared_core.imaging.files.picture import Metadata


@pytest.mark.parametrize("shape", [(1, 1, 4), (700, 613, 4), (300, 1201, 3), (90, 70)], ids=str)
@pytest.mark.parametrize("compressor", ["libdeflate and ISA-L", "libdeflate and ISA-L on one processor", "libdeflate", "zlib", "a picture too large to hold"])
def test_every_compressor_keeps_every_pixel(shape: tuple[int, ...], compressor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if compressor.startswith("libdeflate"):
        pytest.importorskip("deflate")
    if "ISA-L" in compressor:
        pytest.importorskip("isal")
        monkeypatch.setattr(png_rows, "_TWO_BYTES", 1)
        monkeypatch.setattr(alone, "processors", lambda: 1 if "one" in compressor else 2)
    elif compressor == "zlib":
        monkeypatch.setattr(png_rows, "_libdeflate", lambda: None)
    elif compressor != "libdeflate":
        monkeypatch.setattr(png_rows, "_WHOLE_BYTES", 1)
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8) // 16 * 16
    stream = io.BytesIO()
    png.write_png(stream, pixels, Metadata(), {"by": "a test"})
    with Image.open(stream) as image:
        assert image.info["by"] == "a test"
        np.testing.assert_array_equal(np.asarray(image), pixels)
