"""What `u2studio matte` makes of one photo: the pictures of each `--output`, each by operations behind the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from .results import Params, Perform, Result, Results

if TYPE_CHECKING:
    import numpy as np

    from ..imaging.files import Picture

__all__ = ["OUTPUTS", "results_of"]

OUTPUTS = ("cutout", "alpha", "trimap", "foreground", "composite", "sheet", "confidence")
IN_OWN_COLOURS = ("cutout", "foreground")
"""these keep the photo's own profile; the others mix it with colours that are sRGB, or hold none"""


def results_of(picture: Picture, outputs: tuple[str, ...], params: Params, background: np.ndarray | None, *, perform: Perform) -> Results:
    """Run the operations that `outputs` need on one photo; the network once.

    Args:
        picture: the photo.
        outputs: members of `OUTPUTS`.
        params: by operation; despill, drop_shadow, crop_to_subject and clean_up are done where they are among them.
        background: for "composite", [1, h, w, 3 or 4]; None takes what the parameters say.
        perform: how operations are run.
    Returns: one result per output, in their order.
    Raises: as `door.run`.
    """
    image = picture.pixels[None]
    matted = perform("matte", {"image": image}, params["matte"], wanted=("alpha", *(("confidence",) if "confidence" in outputs else ())))
    alpha = matted["alpha"]
    if "clean_up" in params:
        alpha = perform("clean_up", {"alpha": alpha}, params["clean_up"], wanted=("alpha",))["alpha"]
    srgb = _Chain(image, alpha, background, outputs, params, perform)
    own = srgb if picture.own is picture.pixels else replace(srgb, image=picture.own[None])
    figures, rows, columns = dict(matted.figures), slice(None), slice(None)
    if "crop_to_subject" in params:
        figures |= (box := _box(srgb, params, perform))
        rows, columns = _slices(**box["crop"])  # pyright: ignore[reportCallIssue]
    made: list[Result] = []
    for output in outputs:
        chain = own if output in IN_OWN_COLOURS else srgb
        if output == "sheet":
            pixels = chain.sheet(rows, columns)
        else:
            pixels = (matted["confidence"] if output == "confidence" else chain.picture(output))[:, rows, columns]
        metadata = picture.metadata if output in IN_OWN_COLOURS else replace(picture.metadata, icc=None)
        provenance = {"output": output, **matted.provenance, "figures": figures, "then": {name: params[name] for name in params if name != "matte"}}
        made.append(Result(output=output, content=pixels[0], metadata=metadata, provenance=provenance))
    return Results(files=made, notices=matted.notices)


@dataclass(frozen=True)
class _Chain:
    """The pictures of one photo in one colour space, each made when it is first asked for."""

    image: np.ndarray
    alpha: np.ndarray
    background: np.ndarray | None
    outputs: tuple[str, ...]
    params: Params
    perform: Perform

    def picture(self, output: str) -> np.ndarray:
        """The picture of an output but the sheet and the confidence, [1, H, W, …]."""
        if output == "alpha":
            return self.alpha
        if output == "trimap":
            return self.perform("trimap", {"alpha": self.alpha}, self.params["trimap"], wanted=("trimap",))["trimap"]
        if output == "foreground":
            return self._freed["foreground"]
        layer = self.layer
        if output == "cutout":
            return layer["cutout"]
        settings = self.params["composite"]
        # under a shadow the layer's own colours are the shadow's: what is to be blurred is the photo
        behind = self.image if self.background is None and settings["fill"] == "blurred" else self.background
        over = {"foreground": layer["foreground"], "alpha": layer["alpha"], **({} if behind is None else {"background": behind})}
        return self.perform("composite", over, settings, wanted=("image",))["image"]

    def sheet(self, rows: slice, columns: slice) -> np.ndarray:
        """Photo, alpha and cut-out of a part side by side."""
        part = {"image": self.image[:, rows, columns], "alpha": self.alpha[:, rows, columns]}
        return self.perform("sheet", part, wanted=("image",))["image"]

    @cached_property
    def layer(self) -> Mapping[str, np.ndarray]:
        """Subject and, where asked for, its shadow: foreground, alpha, and where wanted the cut-out."""
        if "drop_shadow" not in self.params:
            return {**self._freed, "alpha": self.alpha}
        wanted = ["alpha", "foreground", *(["cutout"] if "cutout" in self.outputs else [])]
        given = {"foreground": self._freed["foreground"], "alpha": self.alpha}
        return self.perform("drop_shadow", given, self.params["drop_shadow"], wanted=wanted)

    @cached_property
    def _freed(self) -> Mapping[str, np.ndarray]:
        """The subject's own colours, or the photo's where these were asked for; and the cut-out where it is wanted without a shadow."""
        from ..imaging.cutout import cutout

        image = self.image
        if "despill" in self.params:
            image = self.perform("despill", {"foreground": image}, self.params["despill"], wanted=("foreground",))["foreground"]
        shadow = "drop_shadow" in self.params
        if self.params["matte"].get("colours") == "photo":
            return {"foreground": image[..., :3], **({"cutout": cutout(image, self.alpha)} if "cutout" in self.outputs and not shadow else {})}
        wanted = [one for one in ("cutout", "foreground") if one in self.outputs and not (one == "cutout" and shadow)]
        if "foreground" not in wanted and (shadow or "composite" in self.outputs):
            wanted.append("foreground")
        return self.perform("estimate_foreground", {"image": image, "alpha": self.alpha}, wanted=wanted)


def _box(chain: _Chain, params: Params, perform: Perform) -> Mapping[str, object]:
    """Where the subject lies, with its shadow where it has one."""
    alpha = chain.layer["alpha"] if "drop_shadow" in params else chain.alpha
    return perform("crop_to_subject", {"image": chain.image, "alpha": alpha}, params["crop_to_subject"], wanted=()).figures


def _slices(x: int, y: int, width: int, height: int) -> tuple[slice, slice]:
    return slice(y, y + height), slice(x, x + width)
