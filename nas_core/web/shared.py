"""Answers that many people ask for at once: worked out once, written as JSON once, not sent again while unchanged."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

MOST_KEPT = 2_000
MOST_BYTES = 32 << 20
Key = tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A JSON value and how it is sent."""

    value: Any
    body: bytes
    tag: str


def shared(key: Key, seconds: float, make: Callable[[], Any]) -> Answer:
    """What `make` gave under `key` in the last `seconds`; of many who ask at once one works."""
    if (found := kept(key, seconds)) is not None:
        return found
    with _guard:  # a lock a key: what is made may ask for parts that are shared too
        lock = _at_work.setdefault(key, threading.Lock())
    with lock:
        try:
            if (found := kept(key, seconds)) is None:
                found = _written(make())
                _keep(key, seconds, found)
        finally:  # whoever came a moment too late to find the answer had made this lock anew
            _at_work.pop(key, None)
        return found


def kept(key: Key, seconds: float) -> Answer | None:
    """What was worked out under `key` in the last `seconds`, None if nothing was."""
    at, _, answer = _kept.get(key, (0.0, 0.0, None))
    return answer if answer is not None and time.monotonic() - at <= seconds else None


def forget(*beginning: str) -> None:
    """Drop the answers whose key has `beginning` behind its first part."""
    with _guard:
        _drop([key for key in _kept if key[1 : 1 + len(beginning)] == beginning])


def send(request: Request, answer: Answer) -> Response:
    """`answer`, or 304 for who has it already."""
    headers = {"ETag": answer.tag, "Cache-Control": "private, no-cache"}
    if answer.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(answer.body, media_type="application/json", headers=headers)


def _written(value: Any) -> Answer:
    body = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return Answer(value, body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


def _keep(key: Key, seconds: float, answer: Answer) -> None:
    now = time.monotonic()
    with _guard:
        _drop([each for each, (_, until, _) in _kept.items() if until < now])
        _kept[key] = (now, now + seconds, answer)
        _kept.move_to_end(key)
        n_bytes = sum(len(each.body) for _, _, each in _kept.values())
        while len(_kept) > MOST_KEPT or (n_bytes > MOST_BYTES and len(_kept) > 1):
            _, (_, _, oldest) = _kept.popitem(last=False)
            n_bytes -= len(oldest.body)


def _drop(keys: list[Key]) -> None:
    for key in keys:
        del _kept[key]


_kept: OrderedDict[Key, tuple[float, float, Answer]] = OrderedDict()
_at_work: dict[Key, threading.Lock] = {}
_guard = threading.Lock()  # of both
