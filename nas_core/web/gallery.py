"""Pictures as a person sees them before a job is started: some of each class, small, and how many there are."""

from __future__ import annotations

import base64
import io
import itertools
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nas_core.data.pictures.album import FILE, LABEL, Album
from nas_core.data.types import IMAGE

MOST_READ = 400  # pictures
MOST_SHOWN = 48
MOST_GROUPS = 200  # classes whose pictures are counted
TEXT_SHOWN = 120  # characters


def sample(album: Album, target: str | None) -> Album:
    """Up to 400 pictures of `album`, of each value of its column `target` (`label` where there is none) alike many."""
    if len(album) <= MOST_READ:
        return album
    places = _spread(_said(album.about, target), MOST_READ)
    return Album(lambda i: album.read(places[i]), album.about.take(pa.array(places)), album.notes)


def gallery(album: Album, seen: pa.Table, target: str | None, *, is_named: bool) -> dict[str, Any]:
    """What is shown of an album.

    Args:
        album: all pictures.
        seen: rows with an ``image`` of those that were read.
        target: the column that tells them apart, if any.
        is_named: whether names and values may be shown.

    Returns:
        `n` pictures, `shape` as the network gets them, `groups` (`value` and `n` of each class, the largest first) and
        `shown`: `value`, `file` and `uri`, a small picture in the address itself.
    """
    said = _said(seen, target)
    pixels = seen[IMAGE].combine_chunks().to_numpy_ndarray()
    files = seen[FILE].to_pylist()
    shown = [
        {"value": said[i] if is_named else None, "file": files[i] if is_named else None, "uri": _uri(pixels[i])}
        for i in sorted(_spread(said, MOST_SHOWN), key=lambda i: (said[i] or "", i))
    ]
    return {"n": len(album), "shape": list(pixels.shape[1:]), "groups": _groups(album.about, target), "shown": shown}


def _said(about: pa.Table, target: str | None) -> list[str | None]:
    name = target if target in about.column_names else LABEL
    if name not in about.column_names:
        return [None] * about.num_rows
    return [None if value is None else str(value)[:TEXT_SHOWN] for value in about[name].to_pylist()]


def _groups(about: pa.Table, target: str | None) -> list[dict[str, Any]]:
    if target not in about.column_names:
        return []
    counts = pc.value_counts(about[target].drop_null()).to_pylist()
    counts.sort(key=lambda one: (-one["counts"], str(one["values"])))
    return [{"value": str(one["values"])[:TEXT_SHOWN], "n": one["counts"]} for one in counts[:MOST_GROUPS]]


def _spread(said: list[str | None], most: int) -> list[int]:
    """Up to `most` places, of each value in turn, those of a value evenly spaced."""
    places: dict[str | None, list[int]] = defaultdict(list)
    for place, value in enumerate(said):
        places[value].append(place)
    share = -(-most // len(places)) if places else 0
    queues = [[own[int(k)] for k in np.unique(np.linspace(0, len(own) - 1, share).round())] for own in places.values()]
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*queues))
    return sorted(itertools.islice((place for place in in_turn if place is not None), most))


def _uri(pixels: np.ndarray) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "JPEG", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
