"""Waits for a window on the harness's X screen, sends keys, takes a picture.

screen.py OUT.png TITLE_REGEX TIMEOUT KEYS...   ("-" as regex: GIMP's main window)
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("GdkX11", "3.0")
from gi.repository import Gdk, GdkPixbuf, GdkX11  # noqa: E402  (the version goes first)

STATUS, SHOWN = Path("/harness/status"), Path("/harness/shown")
MAIN = re.compile(r"GNU Image Manipulation Program|– GIMP$|^GIMP")


def ask(*words: str) -> str:
    return subprocess.run(("xdotool", *words), capture_output=True, text=True, check=False).stdout


def windows() -> dict[str, str]:
    """Visible top-level windows with a title: id to title."""
    found = {}
    for number in ask("search", "--onlyvisible", "--name", ".+").split():
        title = ask("getwindowname", number).strip()
        if title and ask("get_desktop_for_window", number).strip():
            found[number] = title
    return found


def wait_for(pattern: str, timeout: float) -> str:
    """The id of a matching window that has stood still for a second and a half."""
    end, last, since, ended = time.monotonic() + timeout, None, 0.0, 0.0
    seen: dict[str, str] = {}
    while time.monotonic() < end:
        if STATUS.exists():
            line = STATUS.read_text(encoding="utf-8").strip()
            if line.startswith("fail"):
                sys.exit(f"screen: gave up, the run inside GIMP failed: {line[5:]}")
            ended = ended or time.monotonic()
            if pattern != "-" and not any(re.search(pattern, t) for t in seen.values()) and time.monotonic() - ended > 3:
                sys.exit(f"screen: the run ended and no window fitted {pattern!r}")
        seen = windows()
        ready = SHOWN.exists()
        fits = [n for n, title in seen.items() if (MAIN.search(title) and ready if pattern == "-" else re.search(pattern, title))]
        now = (fits[-1], ask("getwindowgeometry", "--shell", fits[-1])) if fits else None
        if now != last:
            last, since = now, time.monotonic()
        elif now and time.monotonic() - since > 1.5:
            return now[0]
        time.sleep(0.2)
    sys.exit(f"screen: no window fits {pattern!r} after {timeout:.0f} s; open windows: {sorted(seen.values()) or 'none'}")


def picture(window: str, path: str) -> None:
    """A picture of that window's area as the screen shows it, tooltips and menus included."""
    display = Gdk.Display.get_default()
    target = GdkX11.X11Window.foreign_new_for_display(display, int(window))
    _, x, y = target.get_origin()
    root = Gdk.get_default_root_window()
    size = dict(line.split("=") for line in ask("getwindowgeometry", "--shell", window).split())  # Gdk remembers an old one
    left, top = max(0, x), max(0, y)
    width = min(x + int(size["WIDTH"]), root.get_width()) - left
    height = min(y + int(size["HEIGHT"]), root.get_height()) - top
    shot: GdkPixbuf.Pixbuf = Gdk.pixbuf_get_from_window(root, left, top, width, height)
    shot.savev(path, "png", [], [])
    print(f"screen: {path} {width}x{height} of {ask('getwindowname', window).strip()!r}", flush=True)  # noqa: T201


def main() -> None:
    path, pattern, timeout, *keys = sys.argv[1:]
    ask("mousemove", "0", "0")  # no tooltip in the picture
    window = wait_for(pattern, float(timeout))
    picture(window, path)
    if keys:
        ask("windowactivate", "--sync", window)
    for key in keys:
        if key.startswith("text:"):
            ask("type", "--delay", "30", key[5:])
        elif key.startswith("wait:"):
            time.sleep(float(key[5:]))
        elif key.startswith("click:"):
            x, y = key[6:].split(",")
            ask("mousemove", "--window", window, x, y, "click", "1")
        elif key.startswith("size:"):
            ask("windowsize", "--sync", window, *key[5:].split("x"))
        elif key.startswith("shot:"):
            picture(window, key[5:])
        else:
            ask("key", key)
        time.sleep(0.3)


main()
