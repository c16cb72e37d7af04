"""Model files that rembg and ComfyUI already have on this machine. They are only read, never moved or changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .cards import Card

__all__ = ["comfyui_folders", "foreign_places"]

COMFYUI_KINDS = ("u2net", "rembg", "RMBG", "background_removal", "upscale_models")
"""folders below ComfyUI's `models` in which packs keep such files; also the names for them in extra_model_paths.yaml"""


def foreign_places(card: Card) -> tuple[Path, ...]:
    """Every path at which another program would keep a file of this card; most of them do not exist."""
    folders = [*_rembg_folders(), *comfyui_folders()]
    flat = [folder / name for folder in folders for name in card.files]
    # rembg since 2.0.80: models/ID/ID.onnx
    nested = [folder / "models" / Path(name).stem / name for folder in _rembg_homes() for name in card.files]
    return (*flat, *nested)


def _rembg_folders() -> list[Path]:
    """Homes of rembg up to 2.0.7x and of backgroundremover: files lie side by side."""
    chosen = os.environ.get("U2NET_HOME")
    return [
        *([Path(chosen).expanduser()] if chosen else []),
        Path(os.environ.get("XDG_DATA_HOME") or "~").expanduser() / ".u2net",
        Path("~/.u2net").expanduser(),
    ]


def _rembg_homes() -> list[Path]:
    """Homes of rembg since 2.0.80."""
    chosen = os.environ.get("REMBG_HOME")
    return [*([Path(chosen).expanduser()] if chosen else []), Path("~/.rembg").expanduser()]


def comfyui_folders() -> list[Path]:
    """Folders in which a ComfyUI of this user keeps models such as ours, those of its extra_model_paths.yaml included."""
    folders: list[Path] = []
    for root in _comfyui_roots():
        folders += [root / "models" / kind for kind in COMFYUI_KINDS]
        folders += extra_model_paths(root / "extra_model_paths.yaml")
    return folders


def _comfyui_roots() -> list[Path]:
    """Where ComfyUI is: above this pack, where $COMFYUI_PATH says, or where its installers put it."""
    pack = Path(__file__).resolve().parents[2]
    above = [pack.parents[1]] if pack.parent.name == "custom_nodes" else []
    chosen = os.environ.get("COMFYUI_PATH")
    usual = (Path("~", *parts).expanduser() for parts in (("ComfyUI",), ("comfy", "ComfyUI"), ("Documents", "ComfyUI")))
    return [*above, *([Path(chosen).expanduser()] if chosen else []), *usual]


def extra_model_paths(file: Path) -> list[Path]:
    """The folders that ComfyUI's extra_model_paths.yaml names for our kinds; none when there is no such file.

    Reads the plain form that ComfyUI documents: sections of `kind: folder` and `kind: |` with a folder a line, relative to the section's `base_path`.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found: list[Path] = []
    for section in _sections(lines):
        base = Path(os.path.expandvars("".join(section.get("base_path", [])[:1]))).expanduser()
        found += [file.parent / base / folder for kind in COMFYUI_KINDS for folder in section.get(kind, [])]
    return found


def _sections(lines: list[str]) -> Iterator[dict[str, list[str]]]:
    """Top-level sections of simple YAML, each as key → its values."""
    section: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines:
        text = line.split(" #", 1)[0].strip()
        if not text or text.startswith("#"):
            continue
        key, colon, value = text.partition(": ") if ": " in text else (text.removesuffix(":"), text[-1:] if text.endswith(":") else "", "")
        if not line[0].isspace():
            yield section
            section = {}
        elif colon:
            values = section.setdefault(key.strip(), [])
            values += [value.strip().strip("'\"")] if value.strip() not in ("", "|", ">", "|-") else []
        else:
            values.append(text.removeprefix("- ").strip("'\""))
    yield section
