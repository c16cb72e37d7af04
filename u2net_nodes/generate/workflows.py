"""The workflows under Browse Templates, each with its twin for the server. Pictures they load lie in `workflows/inputs`."""

from __future__ import annotations

import json

from ..description import all_nodes
from ..wording import _
from .graph import Graph

__all__ = ["GRAPHS", "files"]

PORTRAIT, STARS, CUP, SMALL = "u2studio_portrait.jpg", "u2studio_stars.jpg", "u2studio_cup.jpg", "u2studio_small.jpg"
HEAD = "u2studio_head.jpg"
HARD_MASK, FOLDER = "u2studio_mask.png", "u2studio_folder"


def remove_background() -> Graph:
    """One node, nothing to set."""
    graph = Graph("remove_background", (_("Press Run. Then load a photo of your own in the first node."),))
    photo = graph.add("LoadImage", 0, image="example.png")
    done = graph.add("U2RemoveBackground", 1, image=photo[0])
    graph.add("SaveImage", 2, images=done[0], filename_prefix="u2studio/cutout")
    return graph


def matting() -> Graph:
    """From a photo to mask, foreground and cut-out."""
    graph = Graph(
        "matting",
        (
            _("A photo becomes a mask, a foreground and a cut-out with transparency."),
            _("Edge width is how far the refinement looks for hair. 0 goes by the size of the photo; try 12 and 40."),
            _("The photo is in the pack's folder workflows/inputs; any other will do."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=PORTRAIT)
    model = graph.add("U2LoadModel", 0)
    matte = graph.add("U2Matte", 1, image=photo[0], model=model[0])
    graph.add("MaskPreview", 2, mask=matte[0])
    graph.add("SaveImage", 2, images=matte[2], filename_prefix="u2studio/cutout")
    graph.add("PreviewImage", 3, images=matte[1])
    return graph


def new_background() -> Graph:
    """The subject over another picture."""
    graph = Graph(
        "new_background",
        (
            _("The subject is placed over another picture, which is scaled to fill."),
            _("Matte gives the subject's own colours at the edge, so nothing of the old background shines through."),
            _("Remove the link to background to place it over the colour instead."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=PORTRAIT)
    stars = graph.add("LoadImage", 0, image=STARS)
    matte = graph.add("U2Matte", 1, image=photo[0])
    over = graph.add("U2Composite", 2, foreground=matte[1], alpha=matte[0], background=stars[0])
    graph.add("SaveImage", 3, images=over[0], filename_prefix="u2studio/new_background")
    return graph


def hair_refine_trimap() -> Graph:
    """A wide refinement that a trimap keeps within bounds."""
    graph = Graph(
        "hair_refine_trimap",
        (
            _("A wide refinement finds hair; a trimap keeps it away from what is surely subject or surely background."),
            _("The trimap is 1, 0 and, in the band between, 0.5: only there the mask changes. Any trimap will do, also a painted one."),
            _("Closed-form matting finds more hair than the guided filter, and takes longer; it has to be installed."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=PORTRAIT)
    matte = graph.add("U2Matte", 1, image=photo[0], refine="none")
    trimap = graph.add("U2Trimap", 2, alpha=matte[0], inside=6.0, outside=16.0)
    graph.add("MaskPreview", 2, mask=trimap[0])
    refined = graph.add("U2RefineAlpha", 3, image=photo[0], alpha=matte[0], trimap=trimap[0], edge_width=40.0)
    graph.add("MaskPreview", 3, mask=refined[0])
    colours = graph.add("U2EstimateForeground", 4, image=photo[0], alpha=refined[0])
    graph.add("SaveImage", 4, images=colours[1], filename_prefix="u2studio/hair")
    return graph


def drop_shadow() -> Graph:
    """A product picture: cleaned up, cropped, with a shadow, over a gradient."""
    graph = Graph(
        "drop_shadow",
        (
            _("A thing is cut out, its mask freed of specks and holes, and placed over a gradient with a soft shadow."),
            _("Crop to Subject leaves a margin, into which the shadow falls."),
            _("For a picture with transparency, save the cut-out of Drop Shadow instead."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=CUP)
    matte = graph.add("U2Matte", 1, image=photo[0])
    clean = graph.add("U2CleanUp", 2, alpha=matte[0], keep="largest", fill_holes=2000)
    graph.add("MaskPreview", 2, mask=clean[0])
    cropped = graph.add("U2CropToSubject", 3, image=photo[0], alpha=clean[0], margin=60)
    colours = graph.add("U2EstimateForeground", 3, image=cropped[0], alpha=cropped[1])
    shadow = graph.add("U2DropShadow", 4, foreground=colours[0], alpha=cropped[1], right=10, down=22, softness=24.0, opacity=60.0)
    over = graph.add("U2Composite", 4, foreground=shadow[1], alpha=shadow[2], fill="gradient", colour="#f4f1ea", second_colour="#c9b8a4")
    graph.add("SaveImage", 5, images=over[0], filename_prefix="u2studio/drop_shadow")
    return graph


def blurred_background() -> Graph:
    """The photo's own background, out of focus."""
    graph = Graph(
        "blurred_background",
        (
            _("The photo's own background goes out of focus, as behind a large lens. The subject does not glow into it."),
            _("Blur is in pixels of the photo: more for larger photos."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=PORTRAIT)
    matte = graph.add("U2Matte", 1, image=photo[0])
    clean = graph.add("U2CleanUp", 2, alpha=matte[0], keep="largest")
    over = graph.add("U2Composite", 3, foreground=matte[1], alpha=clean[0], background=photo[0], fill="blurred", blur=28.0)
    graph.add("SaveImage", 4, images=over[0], filename_prefix="u2studio/blurred_background")
    return graph


def folder_batch() -> Graph:
    """All pictures of a folder."""
    graph = Graph(
        "folder_batch",
        (
            _("Every picture of a folder in ComfyUI's input folder is cut out, one after the other, each in its own size."),
            _("Copy the folder u2studio_folder from the pack's workflows/inputs there, or choose one of your own."),
        ),
    )
    photos = graph.add("U2LoadFolder", 0, folder=FOLDER)
    model = graph.add("U2LoadModel", 0)
    matte = graph.add("U2Matte", 1, image=photos[0], model=model[0])
    graph.add("SaveImage", 2, images=matte[2], filename_prefix="u2studio/folder")
    return graph


def other_mask_refine() -> Graph:
    """A hard mask from elsewhere, fitted to the photo."""
    graph = Graph(
        "other_mask_refine",
        (
            _("Any mask will do: of a segmentation model, of another pack, or painted. It is fitted to the edges in the photo."),
            _("Put your own source of masks in place of Load Image (as Mask). White is the subject."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=PORTRAIT)
    mask = graph.add("LoadImageMask", 0, image=HARD_MASK, channel="red")
    refined = graph.add("U2RefineAlpha", 1, image=photo[0], alpha=mask[0], edge_width=24.0)
    graph.add("MaskPreview", 1, mask=refined[0])
    colours = graph.add("U2EstimateForeground", 2, image=photo[0], alpha=refined[0])
    graph.add("SaveImage", 3, images=colours[1], filename_prefix="u2studio/refined")
    return graph


def upscale_then_matte() -> Graph:
    """A small photo, enlarged first."""
    graph = Graph(
        "upscale_then_matte",
        (
            _("A small photo is enlarged by ComfyUI's own upscaler, then cut out: the edge is found in the large picture."),
            _("Bring your checkpoint: put one into models/upscale_models and choose it in the marked loader."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=SMALL)
    loader = graph.add("UpscaleModelLoader", 0, title="Upscaler: bring your checkpoint", model_name="RealESRGAN_x4plus.safetensors")
    large = graph.add("ImageUpscaleWithModel", 1, upscale_model=loader[0], image=photo[0])
    matte = graph.add("U2Matte", 1, image=large[0], edge_width=24.0)
    graph.add("SaveImage", 2, images=matte[2], filename_prefix="u2studio/upscaled")
    return graph


def beside_synthesis() -> Graph:
    """Our steps around a slot for img2img or for label-map synthesis."""
    graph = Graph(
        "beside_synthesis",
        (
            _("The subject is taken out, something else is made of the picture, and the subject is put back over it."),
            _("In the slot stands a blur, so that this runs as it is."),
            _("To replace it, bring a checkpoint, un-mute the nodes of the group, and link the picture they make to background."),
            _("SPADE synthesis, retouch or any other image model fits into the same slot."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=PORTRAIT)
    matte = graph.add("U2Matte", 1, image=photo[0])
    slot = graph.add("ImageBlur", 1, title="Slot: replace me with synthesis", image=photo[0], blur_radius=24, sigma=0.5)
    over = graph.add("U2Composite", 3, foreground=matte[1], alpha=matte[0], background=slot[0])
    graph.add("SaveImage", 4, images=over[0], filename_prefix="u2studio/beside_synthesis")
    loader = graph.add("CheckpointLoaderSimple", 1, title="Bring your checkpoint", muted=True, ckpt_name="v1-5-pruned-emaonly.safetensors")
    latent = graph.add("VAEEncode", 2, muted=True, pixels=photo[0], vae=loader[2])
    wanted = graph.add("CLIPTextEncode", 2, muted=True, clip=loader[1], text="an oil painting of a space centre, warm light")
    unwanted = graph.add("CLIPTextEncode", 2, muted=True, clip=loader[1], text="blurry")
    sampled = graph.add(
        "KSampler", 3, muted=True, model=loader[0], positive=wanted[0], negative=unwanted[0], latent_image=latent[0],
        seed=1, steps=20, cfg=7.0, sampler_name="euler", scheduler="normal", denoise=0.6,
    )  # fmt: skip
    graph.add("VAEDecode", 4, muted=True, samples=sampled[0], vae=loader[2])
    graph.groups.append(("img2img: bring your checkpoint, then un-mute", [one for one in graph.nodes if one.muted]))
    return graph


def portrait() -> Graph:
    """One node: find, crop, draw, put back."""
    graph = Graph(
        "portrait",
        (
            _("The face in a photo is drawn in lines, at its own size and place."),
            _("Ink is the lines alone, with transparency; Drawing is the same on paper."),
            _("Face says whom to draw: here the largest; all for a group; whole draws a picture as it is, with or without a face."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=HEAD)
    drawn = graph.add("U2Portrait", 1, image=photo[0], face="largest")
    drawing, composite = (_output_of("U2Portrait", name) for name in ("drawing", "composite"))
    graph.add("SaveImage", 2, images=drawn[drawing], filename_prefix="u2studio/portrait")
    graph.add("PreviewImage", 2, images=drawn[composite])
    return graph


def portrait_over_photo() -> Graph:
    """The steps of a portrait, one by one, and the lines over the photo."""
    graph = Graph(
        "portrait_over_photo",
        (
            _("The steps one by one: find the faces, cut the heads out, draw them, lay the lines over them, put them back into the photo."),
            _("Between Crop Face and Paste Face Back any other node for pictures of heads may stand."),
            _("Link Faces of Crop Face to Paste Face Back: it tells where each crop was taken."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=HEAD)
    found = graph.add("U2DetectFaces", 1, image=photo[0])
    heads = graph.add("U2CropFace", 1, image=photo[0], faces=found[0], face="largest")
    drawn = graph.add("U2LineDrawing", 2, image=heads[0])
    graph.add("PreviewImage", 3, images=drawn[0])
    over = graph.add("U2InkOverPhoto", 3, image=heads[0], drawing=drawn[0], method="ink")
    whole = graph.add("U2PasteFace", 4, image=photo[0], drawing=over[0], faces=heads[1], feather=8.0)
    graph.add("SaveImage", 4, images=whole[0], filename_prefix="u2studio/portrait_over_photo")
    return graph


def portrait_composite() -> Graph:
    """Matting, a drawing of the subject alone, and another background."""
    graph = Graph(
        "portrait_composite",
        (
            _("The subject is cut out, its face drawn in lines, and the drawing placed over another picture."),
            _("The mask cuts the paper along the subject's outline."),
        ),
    )
    photo = graph.add("LoadImage", 0, image=HEAD)
    stars = graph.add("LoadImage", 0, image=STARS)
    matte = graph.add("U2Matte", 1, image=photo[0])
    drawn = graph.add("U2Portrait", 2, image=photo[0], face="largest")
    over = graph.add("U2Composite", 3, foreground=drawn[_output_of("U2Portrait", "drawing")], alpha=matte[0], background=stars[0])
    graph.add("SaveImage", 4, images=over[0], filename_prefix="u2studio/portrait_composite")
    return graph


def _output_of(type_name: str, name: str) -> int:
    """Where an output of ours stands."""
    node = next(one for one in all_nodes() if one.id == type_name)
    return [one.id for one in node.outputs].index(name)


GRAPHS = (
    remove_background, matting, new_background, blurred_background, drop_shadow, hair_refine_trimap, folder_batch, other_mask_refine, upscale_then_matte,
    beside_synthesis, portrait, portrait_over_photo, portrait_composite,
)  # fmt: skip


def files() -> dict[str, str]:
    """Path from the repository's root → text."""
    made: dict[str, str] = {}
    for build in GRAPHS:
        graph = build()
        made[f"workflows/{graph.name}.json"] = _json(graph.workflow())
        made[f"workflows/api/{graph.name}.json"] = _json(graph.prompt())
    return made


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
