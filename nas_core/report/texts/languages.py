"""The languages the report speaks, and how a table of texts holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

LANGUAGES = ("en", "ru")

# By key: English, Russian. {name} is a place that is filled in. What comes from the data stays as it came.
Texts: TypeAlias = Mapping[str, tuple[str, str]]


def spoken(texts: Texts, language: str) -> dict[str, str]:
    """`texts` in one `language`, by key."""
    place = LANGUAGES.index(language)
    return {key: each[place] for key, each in texts.items()}
