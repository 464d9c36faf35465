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
from nas_core.web.ledger import follow
from nas_core.web.status import ENDED, fresh_status

EVERY = 1.0  # seconds
AT_ONCE = 500  # candidates in one event
LONGEST = 300.0  # seconds; who watches on connects again, and is asked for the right to it again
HEARTBEAT = 15.0

Gone = Callable[[], Awaitable[bool]]


def candidates_of(run: Run, offset: int, most: int) -> dict[str, Any]:
    """Up to `most` candidates from number `offset` on, and what their codes mean."""
    follower = follow(run)
    found = follower.candidates[offset : offset + most]
    return {
        "began": follower.began,
        "total": len(follower.candidates),
        "offset": offset,
        "candidates": found,
        "random": follower.random,
        **follower.space,
    }


async def stream(known: Known, offset: int, is_gone: Gone) -> AsyncIterator[str]:
    """Events `status` and `candidates`, from candidate `offset` on, until the run has ended.

    The id of an event is the number of candidates that were sent with it: who was cut off goes on from there.
    """
    began = spoke = time.monotonic()
    told: dict[str, Any] = {}
    yield "retry: 2000\n\n"
    while time.monotonic() - began < LONGEST and not await is_gone():
        status, batch = await run_in_threadpool(_look, known, offset)
        if batch and batch["total"] < offset:  # the search was done anew
            offset = 0
            continue
        if batch and batch["candidates"]:
            offset += len(batch["candidates"])
            spoke = time.monotonic()
            yield _event("candidates", batch, offset)
            if offset < batch["total"]:
                continue
        if _essence(status) != _essence(told):
            told, spoke = status, time.monotonic()
            yield _event("status", status, offset)
        if status["state"] in ENDED:
            yield _event("end", {"state": status["state"]}, offset)
            return
        if time.monotonic() - spoke > HEARTBEAT:
            spoke = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(EVERY)


def _look(known: Known, offset: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    status = fresh_status(known.dag_id, known.run_id)
    address = known.address or read_known(known.dag_id, known.run_id).address
    batch = candidates_of(open_run(address), offset, AT_ONCE) if address and is_ours(address) else None
    return status, batch


def _essence(status: dict[str, Any]) -> dict[str, Any]:
    """What of a status is worth telling at once: the clock runs on in the browser too, but is set now and then."""
    essence = {key: value for key, value in status.items() if key not in ("now", "seconds_left", "stages", "search")}
    stages = [(stage["name"], stage["state"], stage["n_try"]) for stage in status.get("stages", ())]
    search = status.get("search") or {}
    steady = {key: value for key, value in search.items() if not key.startswith("seconds")}
    return essence | {"stages": stages, "search": steady, "used": round(search.get("seconds_used", 0.0) / 5)}


def _event(kind: str, value: Any, number: int) -> str:
    return f"event: {kind}\nid: {number}\ndata: {json.dumps(value, ensure_ascii=False, allow_nan=False)}\n\n"
