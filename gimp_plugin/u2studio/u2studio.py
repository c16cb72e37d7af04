#!/usr/bin/env python3
"""u2studio in GIMP 3: Filters › u2studio. All of it is in u2gimp, beside this file."""

import sys

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402
from u2gimp.plugin import U2Studio  # noqa: E402

Gimp.main(U2Studio.__gtype__, sys.argv)
