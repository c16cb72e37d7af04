"""Whatever the bytes, reading gives a picture or one clear sentence: never a traceback, never a hang."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from u2studio.shared_core.errors import BadInput, U2StudioError
from u2studio.shared_core.imaging.files import Picture, read_picture

from .making import HOSTILE, PICTURE

pytestmark = pytest.mark.timeout(30)


def check_picture(picture: Picture) -> None:
    """What every caller relies on."""
    for pixels in (picture.pixels, picture.own):
        assert pixels.dtype in (np.uint8, np.float32)
        assert pixels.ndim == 3
        assert pixels.shape[2] in (3, 4)
        assert pixels.size
        assert pixels.flags.c_contiguous
        assert pixels.flags.writeable
        if pixels.dtype == np.float32:
            assert 0 <= pixels.min() <= pixels.max() <= 1


def check_sentence(error: U2StudioError, name: str) -> None:
    """One printable line that names the file, without the remains of a traceback, in both languages."""
    for sentence in (str(error), error.text("zh_CN")):
        assert sentence.isprintable(), sentence
        assert name in sentence
        assert not any(word in sentence for word in ("Traceback", "Error:", " object at ", "0x7f")), sentence
        assert len(sentence) < 400, sentence


def test_there_are_enough() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_picture_or_a_sentence(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content, outcome = HOSTILE[name]
    data = content() if callable(content) else content
    path = tmp_path / name.replace("/", "-")
    path.write_bytes(data)
    ending = _ending(path)
    assert outcome in ending
    assert _ending(io.BytesIO(data)) == ending
    # what libjpeg and libpng print themselves cannot be kept from the terminal; all else can
    spoken = [line for line in capfd.readouterr().err.splitlines() if not line.startswith(("Corrupt JPEG data:", "libpng error:", "libpng warning:"))]
    assert spoken == []


def _ending(source: Path | io.BytesIO) -> str:
    try:
        picture = read_picture(source, name="<the file>")
    except BadInput as error:
        check_sentence(error, "<the file>")
        return str(error)
    check_picture(picture)
    return PICTURE


def test_the_setting_lifts_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    data = HOSTILE["20000 × 50"][0]
    assert callable(data)
    monkeypatch.setenv("U2STUDIO_MAX_MEGAPIXELS", "0.5")
    with pytest.raises(BadInput, match=r"is 20000×50, 1 megapixels; the limit is 0\.5"):
        read_picture(io.BytesIO(data()))
    monkeypatch.setenv("U2STUDIO_MAX_MEGAPIXELS", "1.0")
    assert read_picture(io.BytesIO(data())).width == 20000
    for nonsense in ("many", "-1", "0", "nan"):
        monkeypatch.setenv("U2STUDIO_MAX_MEGAPIXELS", nonsense)
        with pytest.raises(BadInput, match=r"U2STUDIO_MAX_MEGAPIXELS is .* must be a number of megapixels"):
            read_picture(io.BytesIO(data()))


def test_the_hosts_own_guard_is_neither_needed_nor_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's guard belongs to the whole process. A host that set it low still gets our pictures, and finds it as it was."""
    from PIL import Image

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for name in ("a png.jpg", "a jpeg.png", "a tiff with no suffix", "1 × 1 BMP"):
        content = HOSTILE[name][0]
        check_picture(read_picture(io.BytesIO(content() if callable(content) else content)))
    assert Image.MAX_IMAGE_PIXELS == 10
