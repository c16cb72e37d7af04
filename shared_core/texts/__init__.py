"""The one catalogue of user-visible text.

English is written where it is used (specification, errors, command help); `zh_CN.json` beside this file maps each English text to
Simplified Chinese. Every host's own translation files are generated from these two.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "catalogue", "translate", "user_language"]

LANGUAGES = ("en", "zh_CN")


@cache
def catalogue(language: str) -> dict[str, str]:
    """English text → text in `language`; empty for English and for languages we do not have."""
    if language not in LANGUAGES[1:]:
        return {}
    return json.loads((Path(__file__).parent / f"{language}.json").read_text(encoding="utf-8"))


def translate(text: str, language: str) -> str:
    """`text` in `language`; the English text itself where there is no translation."""
    return catalogue(language).get(text, text)


def user_language() -> str:
    """The language of this user's environment, by the usual POSIX variables in their usual order."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "zh_CN" if value.lower().replace("-", "_").startswith(("zh_cn", "zh_hans", "zh_sg", "zh.", "zh:")) or value.lower() == "zh" else "en"
    return "en"
