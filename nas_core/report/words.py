"""How the report says numbers, times, sizes and layers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def number(value: float | None, language: str = "en") -> str:
    """A figure with four significant digits; a dash for none."""
    return local(_number(value), language)


def local(figure: str, language: str) -> str:
    """A figure as `language` writes it: thousands parted by narrow spaces and a decimal comma in Russian."""
    return figure.translate({ord(","): "\u202f", ord("."): ","}) if language == "ru" else figure


def whole(n: int, language: str = "en") -> str:
    """``2,000``."""
    return local(f"{n:,}", language)


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if 0.01 <= abs(value) < 1:
        return f"{value:.4f}"
    return f"{value:.4g}"


UNITS = {"en": ("s", "min", "h"), "ru": ("с", "мин", "ч")}


def duration(seconds: float, language: str = "en") -> str:
    """``8.4 s``, ``1 min 52 s``, ``2 h 05 min``."""
    second, minute, hour = UNITS[language]
    if seconds < 59.95:
        return f"{local(f'{seconds:.1f}', language)} {second}"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} {minute} {rest:02d} {second}"
    return f"{minutes // 60} {hour} {minutes % 60:02d} {minute}"


SIZES = {"en": ("B", "KB", "MB", "GB"), "ru": ("Б", "КБ", "МБ", "ГБ")}


def size(n_bytes: float, language: str = "en") -> str:
    """``812 B``, ``24.1 KB``, ``3.2 MB``."""
    *units, largest = SIZES[language]
    for place, unit in enumerate(units):
        if n_bytes < 1000:
            return local(f"{n_bytes:.{min(place, 1)}f}", language) + f" {unit}"
        n_bytes /= 1000
    return local(f"{n_bytes:.1f}", language) + f" {largest}"


def day(moment: str, language: str = "en") -> str:
    """The day of a moment in ISO 8601: ``2026-11-21``, in Russian ``21.11.2026``."""
    date = moment[:10]
    return ".".join(reversed(date.split("-"))) if language == "ru" else date


def moment(moment: str, language: str = "en") -> str:
    """A moment in ISO 8601 to the second, as it is in its zone: ``2026-11-21 09:30:00``."""
    return f"{day(moment, language)} {moment[11:19]}"


def percent(share: float, language: str = "en") -> str:
    """``0.314`` as ``31 %``."""
    digits = 0 if share == 0 or abs(share) >= 0.1 else 1
    return local(f"{100 * share:.{digits}f} %", language)


def count(n: int, noun: str, plural: str | None = None) -> str:
    """``1 network``, ``2,000 networks``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def layer(choice: Mapping[str, Any]) -> str:
    """A layer as it stands in ledger and vocabulary, in words: ``dense 64 relu``.

    Numbers come first, then words; a parameter that is on or off is named when it is on.
    """
    params = {k: v for k, v in choice.items() if k != "layer"}
    flags = [k for k, v in params.items() if v is True]
    numbers = [f"{v:g}" for v in params.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    texts = [v for v in params.values() if isinstance(v, str) and v]
    return " ".join([str(choice["layer"]), *numbers, *texts, *flags])


def last_part(uri: str) -> str:
    """What a dataset is called: the last part of its address."""
    return without_secrets(uri).removesuffix("?…").rstrip("/").rsplit("/", 1)[-1] or uri


def without_secrets(value: Any) -> Any:
    """An address without password and query (which may hold a signature); anything else as it is."""
    if not isinstance(value, str) or "://" not in value:
        return value
    parts = urlsplit(value)
    place = parts.netloc.rsplit("@", 1)[-1]
    return f"{parts.scheme}://{place}{parts.path}{'?…' if parts.query else ''}"


def printable(text: object) -> str:
    """`text` on one line, without control characters."""
    return _CONTROL.sub("", str(text)).replace("\r", " ").replace("\n", " ").replace("\t", " ")


def shorten(text: str, length: int) -> str:
    """`text`, cut in the middle when it is longer than `length`."""
    if len(text) <= length:
        return text
    head = (length - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"
