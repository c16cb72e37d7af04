"""The nodes of ComfyUI's own that our workflows use: only what a graph must know of them. A test compares this with a running ComfyUI."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CORE_NODES", "NodeType"]


class NodeType(NamedTuple):
    """What a node is in a graph: linked inputs and outputs as (name, type), and widgets in the order in which graphs save them.

    `front_end_only` are widgets that the page adds, with the value it saves; prompts do not hold them.
    """

    slots: tuple[tuple[str, str], ...]
    widgets: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]
    front_end_only: tuple[tuple[str, str], ...] = ()
    shows_picture: bool = False


_IMAGE, _MASK, _LATENT = ("IMAGE", "IMAGE"), ("MASK", "MASK"), ("LATENT", "LATENT")
_UPLOAD = (("upload", "image"),)

CORE_NODES = {
    "CLIPTextEncode": NodeType((("clip", "CLIP"),), ("text",), (("CONDITIONING", "CONDITIONING"),)),
    "CheckpointLoaderSimple": NodeType((), ("ckpt_name",), (("MODEL", "MODEL"), ("CLIP", "CLIP"), ("VAE", "VAE"))),
    "ImageBlur": NodeType((("image", "IMAGE"),), ("blur_radius", "sigma"), (_IMAGE,)),
    "ImageUpscaleWithModel": NodeType((("upscale_model", "UPSCALE_MODEL"), ("image", "IMAGE")), (), (_IMAGE,)),
    "KSampler": NodeType(
        (("model", "MODEL"), ("positive", "CONDITIONING"), ("negative", "CONDITIONING"), ("latent_image", "LATENT")),
        ("seed", "control_after_generate", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
        (_LATENT,),
        (("control_after_generate", "fixed"),),
    ),
    "LoadImage": NodeType((), ("image", "upload"), (_IMAGE, _MASK), _UPLOAD, shows_picture=True),
    "LoadImageMask": NodeType((), ("image", "channel", "upload"), (_MASK,), _UPLOAD, shows_picture=True),
    "LoadImageSetFromFolderNode": NodeType((), ("folder", "resize_method"), (_IMAGE,)),
    "MaskComposite": NodeType((("destination", "MASK"), ("source", "MASK")), ("x", "y", "operation"), (_MASK,)),
    "MaskPreview": NodeType((("mask", "MASK"),), (), (), shows_picture=True),
    "PreviewImage": NodeType((("images", "IMAGE"),), (), (), shows_picture=True),
    "SaveImage": NodeType((("images", "IMAGE"),), ("filename_prefix",), (), shows_picture=True),
    "ThresholdMask": NodeType((("mask", "MASK"),), ("value",), (_MASK,)),
    "UpscaleModelLoader": NodeType((), ("model_name",), (("UPSCALE_MODEL", "UPSCALE_MODEL"),)),
    "VAEDecode": NodeType((("samples", "LATENT"), ("vae", "VAE")), (), (_IMAGE,)),
    "VAEEncode": NodeType((("pixels", "IMAGE"), ("vae", "VAE")), (), (_LATENT,)),
}
