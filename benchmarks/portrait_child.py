"""One side of `portrait.py`: does jobs when told. Ours, or the authors' program step by step.

python benchmarks/portrait_child.py ours|official FOLDER MODEL CROP,CROP… SIDE,SIDE…
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import serve
from speed_child import ENGINES, Jobs, engine_models

if TYPE_CHECKING:
    import numpy as np
    import torch


def _official_network(model: str) -> torch.nn.Module:
    """The card's network with its batch norm, float32, as the authors' program builds it."""
    from safetensors.torch import load_file
    from torch import nn

    from u2studio.shared_core.models.cards import card
    from u2studio.shared_core.models.prepare import prepare
    from u2studio.shared_core.models.recognise import build

    network = build(card(model).network, batch_norm=True).to_empty(device="cpu")
    for one in network.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.reset_parameters()  # where the file holds it folded it does nothing, and takes its time
    network.load_state_dict(load_file(prepare(card(model))), strict=False)
    return network.eval()


def official_jobs(folder: Path, model: str, crops: list[str], sides: list[int]) -> Jobs:
    """U-2-Net's u2net_portrait_demo.py as it is called on one photo: also with autograd's records, which it does not turn off.

    The network is ours, as published: batch-norm not folded, float32, all seven outputs. Timed alone it makes no records: those of a large picture, gigabytes,
    would take most of the time.
    """
    import cv2
    import numpy as np
    import torch

    network = _official_network(model)
    classifier: Any = getattr(cv2, "CascadeClassifier")(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))  # noqa: B009

    def found(picture: np.ndarray) -> np.ndarray:
        faces = classifier.detectMultiScale(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 1.1, 4)
        return max(faces, key=lambda box: box[2] * box[3])

    def cropped(picture: np.ndarray, face: np.ndarray) -> np.ndarray:
        x, y, w, h = map(int, face)
        left, top, right, bottom = x - int(0.4 * w), y - int(0.6 * h), x + w + int(0.4 * w), y + h + int(0.2 * h)
        margins = max(0, -top), max(0, bottom - picture.shape[0]), max(0, -left), max(0, right - picture.shape[1])
        crop = picture[max(0, top) : bottom, max(0, left) : right]
        crop = np.pad(crop, (margins[:2], margins[2:], (0, 0)), constant_values=255)
        return cv2.resize(crop, (512, 512), interpolation=cv2.INTER_AREA)

    def drawn(crop: np.ndarray) -> np.ndarray:
        scaled, planes = crop / np.max(crop), np.zeros(crop.shape)
        for channel, (mean, std) in enumerate(((0.406, 0.225), (0.456, 0.224), (0.485, 0.229))):
            planes[:, :, channel] = (scaled[:, :, 2 - channel] - mean) / std
        tensor = torch.from_numpy(planes.transpose(2, 0, 1)[np.newaxis]).float()
        first, *_ = [torch.sigmoid(one) for one in network(tensor)]
        drawing = 1.0 - first[:, 0]
        drawing = (drawing - drawing.min()) / (drawing.max() - drawing.min())
        return drawing.squeeze().detach().numpy()

    def program(size: str) -> None:
        picture = cv2.imread(str(folder / f"{size}.jpg"))
        assert picture is not None
        cv2.imwrite(str(folder / "official.png"), (drawn(cropped(picture, found(picture))) * 255).astype(np.uint8))

    @torch.no_grad()
    def alone(size: int) -> None:
        drawn(np.full((size, size, 3), 128, np.uint8))

    jobs: Jobs = {f"network {size}": lambda size=size: alone(size) for size in sides}
    for size in crops:
        read: Any = cache(lambda size=size: cv2.imread(str(folder / f"{size}.jpg")))
        jobs[f"photo {size}"] = lambda size=size: program(size)
        jobs[f"detection {size}"] = lambda read=read: found(read())
    return jobs


def our_jobs(folder: Path, model: str, crops: list[str], sides: list[int]) -> Jobs:
    """As `u2studio portrait --face largest`, with models loaded."""
    from u2studio.shared_core.cli.process import begin

    begin()
    import torch

    from u2studio.shared_core.cli.photo import Photo, Wish, do_photo
    from u2studio.shared_core.imaging.face_detection import detected
    from u2studio.shared_core.imaging.files import read_picture
    from u2studio.shared_core.progress import silent

    def drawn(size: str, engine: str, detail: bool) -> None:
        params = {**_unasked(), "face": "largest", "model": model, "detail": detail}
        wish = Wish(job="portrait", outputs=("drawing",), params={"portrait": params}, overwrite=True)
        one = Photo(source=folder / f"{size}.jpg", name=size, targets={"drawing": folder / "ours.png"})
        do_photo(one, wish, None, models=engine_models(engine), progress=silent, language="en")

    def seen(size: int, engine: str) -> None:
        engine_models(engine).get(model)(torch.zeros(1, 3, size, size))

    image: Callable[[str], Any] = cache(lambda size: torch.from_numpy(read_picture(folder / f"{size}.jpg").pixels)[None])
    jobs: Jobs = {f"network {size} {engine}": lambda size=size, engine=engine: seen(size, engine) for size in sides for engine in ENGINES}
    for size in crops:
        jobs |= {f"photo {size} {engine}": lambda size=size, engine=engine: drawn(size, engine, False) for engine in ENGINES}
        jobs[f"detail {size}"] = lambda size=size: drawn(size, "best", True)
        jobs[f"detection {size}"] = lambda size=size: detected(image(size)[0], only_largest=True)
    return jobs


@cache
def _unasked() -> dict[str, object]:
    from u2studio.shared_core import operation

    return {one.name: one.default for one in operation("portrait").parameters}


if __name__ == "__main__":
    made = official_jobs if sys.argv[1] == "official" else our_jobs
    serve(made(Path(sys.argv[2]), sys.argv[3], sys.argv[4].split(","), [int(side) for side in sys.argv[5].split(",")]))
