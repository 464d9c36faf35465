"""A running search as a stream of server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from nas_core.runs.run import Run, open_run
from nas_core.web.known import Known, is_ours, read_known
from nas_core.web.ledger import Follower, follow
from nas_core.web.shared import Answer, shared
from nas_core.web.status import ENDED, status_of

EVERY = 1.0  # seconds
AT_ONCE = 500  # candidates in one event
LONGEST = 300.0  # seconds; who watches on connects again, and is asked for the right to it again
HEARTBEAT = 15.0
SHARED = 3.0  # seconds for which candidates in JSON serve all who ask for the same ones

Gone = Callable[[], Awaitable[bool]]


def candidates_of(run: Run, offset: int, most: int) -> Answer:
    """Up to `most` candidates from number `offset` on, and what their codes mean."""
    follower = follow(run)
    n, n_random = len(follower.candidates), len(follower.random)
    key = ("candidates", run.address, *map(str, (follower.began, n, n_random, offset, most)))
    return shared(key, SHARED, lambda: _batch(follower, offset, most))


def _batch(follower: Follower, offset: int, most: int) -> dict[str, Any]:
    return {
        "began": follower.began,
        "total": len(follower.candidates),
        "offset": offset,
        "candidates": follower.candidates[offset : offset + most],
        "random": follower.random,
        **follower.space,
    }


async def stream(known: Known, offset: int, is_gone: Gone) -> AsyncIterator[str]:
    """Events `status` and `candidates`, from candidate `offset` on, until the run has ended.

    The id of an event is the number of candidates that were sent with it: who was cut off goes on from there.
    """
    began = spoke = time.monotonic()
    told: Answer | None = None
    yield "retry: 2000\n\n"
    while time.monotonic() - began < LONGEST and not await is_gone():
        status, batch = await run_in_threadpool(_look, known, offset)
        if batch and batch.value["total"] < offset:  # the search was done anew
            offset = 0
            continue
        if batch and batch.value["candidates"]:
            offset += len(batch.value["candidates"])
            spoke = time.monotonic()
            yield _event("candidates", batch.body, offset)
            if offset < batch.value["total"]:
                continue
        if status is not told and (told is None or _essence(status.value) != _essence(told.value)):
            told, spoke = status, time.monotonic()
            yield _event("status", status.body, offset)
        state = status.value["state"]
        if state in ENDED:
            yield _event("end", json.dumps({"state": state}).encode(), offset)
            return
        if time.monotonic() - spoke > HEARTBEAT:
            spoke = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(EVERY)


def _look(known: Known, offset: int) -> tuple[Answer, Answer | None]:
    status = status_of(known.dag_id, known.run_id)
    address = known.address or read_known(known.dag_id, known.run_id).address
    return status, candidates_of(open_run(address), offset, AT_ONCE) if address and is_ours(address) else None


def _essence(status: dict[str, Any]) -> dict[str, Any]:
    """What of a status is worth telling at once: the clock runs on in the browser too, but is set now and then."""
    essence = {key: value for key, value in status.items() if key not in ("seconds_left", "stages", "search")}
    stages = [(stage["name"], stage["state"], stage["n_try"]) for stage in status.get("stages", ())]
    search = status.get("search") or {}
    steady = {key: value for key, value in search.items() if not key.startswith("seconds")}
    return essence | {"stages": stages, "search": steady, "used": round(search.get("seconds_used", 0.0) / 5)}


def _event(kind: str, value: bytes, number: int) -> str:
    return f"event: {kind}\nid: {number}\ndata: {value.decode()}\n\n"
