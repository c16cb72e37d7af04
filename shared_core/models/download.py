"""Files from addresses: continued where a line was cut, given up where nothing comes, never taken for something they are not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx

from ..errors import BadInput
from ..progress import Progress

__all__ = ["addresses", "download"]

STALL = 30.0
"""seconds without a byte after which a line counts as dead"""
CONNECT = 10.0
"""seconds to wait for a server that does not answer at all"""
TRIES = 5
"""dead or cut lines in a row, each of which brought less than `WORTH` bytes; a server that does not answer at all counts twice"""
WORTH = 1 << 20
PAUSE = 1.0
"""seconds before the first new try; doubled each time"""
LARGEST = 8 << 30
"""bytes; what is larger is no model of ours"""
MIRROR = "U2STUDIO_MIRROR"


class _TryAgain(Exception):
    """The server had no time, or the line was cut."""


def addresses(url: str, file: str) -> tuple[str, ...]:
    """Where to try: the user's mirror first, then the address itself.

    $U2STUDIO_MIRROR is a folder on a server ("https://models.example.org/u2studio" → …/FILE), or a pattern with {url} or {file} in it.
    """
    mirror = os.environ.get(MIRROR, "").strip()
    if not mirror:
        return (url,)
    if "{" in mirror:
        return (mirror.replace("{url}", url).replace("{file}", file), url)
    return (f"{mirror.rstrip('/')}/{file}", url)


def download(url: str, target: Path, progress: Progress, size: int = 0) -> None:
    """Fetch an address into a file, going on after the bytes the file already holds, if the server can.

    Proxies come from the environment (HTTPS_PROXY, …). When it fails or is cancelled, what came so far stays in `target` for the next time.

    Args:
        url: http or https.
        target: the file; its folder exists.
        progress: told of bytes; may raise `Cancelled`.
        size: bytes it must have; 0: not known.
    Raises: BadInput, naming the address and what was wrong.
    """
    tries = 0
    while True:
        held = target.stat().st_size if target.exists() else 0
        progress(held, max(size, held, 1), "Downloading")
        try:
            with httpx.Client(follow_redirects=True, timeout=httpx.Timeout(STALL, connect=CONNECT)) as client:
                _fetch(client, url, target, progress, size)
            return
        except (httpx.TransportError, _TryAgain) as error:
            gained = (target.stat().st_size if target.exists() else 0) - held
            unanswered = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
            tries = 1 if gained >= WORTH else tries + (2 if unanswered else 1)
            if tries >= TRIES:
                raise BadInput("{url} cannot be fetched: {reason}", url=url, reason=str(error) or type(error).__name__) from None
            time.sleep(PAUSE if unanswered else PAUSE * 2 ** (tries - 1))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise BadInput("{url} cannot be fetched: {reason}", url=url, reason=str(error)) from None


def _fetch(client: httpx.Client, url: str, target: Path, progress: Progress, size: int) -> None:
    """One connection's worth."""
    held = target.stat().st_size if target.exists() else 0
    if size and held == size:
        return
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={held}-"} if held else {})}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            target.unlink()
            raise _TryAgain("HTTP 416")
        _check(answer, url)
        continued = answer.status_code == httpx.codes.PARTIAL_CONTENT and answer.headers.get("Content-Range", "").startswith(f"bytes {held}-")
        done = held if continued else 0
        total = done + int(answer.headers.get("Content-Length", "0"))
        if (size and total > done and total != size) or total > LARGEST:
            raise BadInput("{url} has {found} bytes where {wanted} are due: it is another file.", url=url, found=total, wanted=size or f"< {LARGEST}")
        with _written(target, "ab" if continued else "wb") as write:
            for block in answer.iter_raw():
                done += len(block)
                if done > (size or LARGEST):
                    raise BadInput("{url} has {found} bytes where {wanted} are due: it is another file.", url=url, found=done, wanted=size)
                write(block)
                progress(done, max(size, total, done), "Downloading")
    if size and done < size:
        raise _TryAgain(f"{done} / {size}")


def _check(answer: httpx.Response, url: str) -> None:
    """Raises: _TryAgain for what may pass, BadInput for what will not."""
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _TryAgain(f"HTTP {status}")
    if not answer.is_success:
        raise BadInput("{url} cannot be fetched: {reason}", url=url, reason=f"HTTP {status}")
    if answer.headers.get("Content-Type", "").startswith(("text/html", "application/xhtml")):
        raise BadInput("{url} is a web page, not a model. Open it in a browser; what it gives can be used with --from FILE.", url=url)


@contextmanager
def _written(target: Path, mode: Literal["ab", "wb"]) -> Iterator[Callable[[bytes], object]]:
    """The function that writes to `target`. Raises: BadInput, when the disk is full or the folder not ours."""
    try:
        with target.open(mode) as stream:
            yield stream.write
    except OSError as error:
        raise BadInput("{file} cannot be written: {reason}", file=str(target), reason=error.strerror or str(error)) from None
