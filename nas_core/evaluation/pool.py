"""A pool of Ray actors that train candidates side by side.

Each worker imports what it needs once and opens the prepared arrays by path. A worker that crashes, hangs or grows
costs its candidate (or nothing) and is replaced; the search goes on.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from nas_core.data.prepared import Prepared
from nas_core.errors import JobError
from nas_core.evaluation.candidate import Recipe, Request
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.settings import EvaluationSettings
from nas_core.evaluation.worker import Trainer
from nas_core.runs.store import locked
from nas_core.space.architecture import Architecture

log = logging.getLogger("nas")

MAX_CANDIDATES = 400  # Keras leaks 2–4 MB a candidate that it builds; a worker is replaced after this many
MAX_RESIDENT = 4 * 2**30  # bytes; or when it has grown to this
HANG_SECONDS = 900.0  # a candidate that takes longer is given up
SIDE_BY_SIDE = 16  # candidates that a GPU trains in one program; a core has nothing to gain from a second one


@dataclass(eq=False)
class Call:
    """A candidate that waits for a worker, or is with one. `is_alone`: it is not to share a worker's turn again."""

    request: Request
    answer: Future[Evaluation] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)
    is_alone: bool = False


def is_built(call: Call) -> bool:
    """Whether Keras has built the candidate: what it compiles is for this one, and no part of its own."""
    return call.answer.done() and not call.answer.exception() and "compile" not in call.answer.result().seconds


class Pool:
    """`n_workers` trainers. :meth:`train` may be called from many threads; `n_calls` at a time keep the pool busy.

    A worker that is free takes what waits: one candidate, or on a GPU as many as train well side by side.
    """

    def __init__(self, data: Prepared, recipe: Recipe, settings: EvaluationSettings) -> None:
        import ray

        self.recipe = recipe
        self._ray = ExitStack()
        self._ray.enter_context(started_ray(settings.ray_address))
        gpus = settings.gpus_per_candidate
        self._make = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)(Trainer).remote
        self._arguments = ray.put(data), ray.put(recipe), bool(gpus)
        self.n_workers = settings.n_workers or default_workers(resources(settings.ray_address), gpus)
        self._turn = SIDE_BY_SIDE if gpus else 1
        # Twice as many as can be trained: while an answer is being thought about, the worker has the next one.
        self.n_calls = 2 * self._turn * self.n_workers
        # So many keep the pool busy while others are thought out: on a GPU the next turn too, which is to be full. A
        # single worker waits: on a core it and the thinking would only take turns, and what is known helps it.
        self.n_ahead = self.n_calls if gpus else self.n_workers if self.n_workers > 1 else 0
        self._waiting: deque[Call] = deque()
        self._changed, self._is_closed = threading.Condition(), False
        self._actors: set[Any] = set()
        for _ in range(self.n_workers):
            # Daemons: one may wait for a worker that hangs.
            threading.Thread(target=self._serve, args=(self._start(),), name="worker", daemon=True).start()

    def train(self, architecture: Architecture, parent: str | None, recipe: Recipe | None = None) -> Evaluation:
        """Train one candidate and wait for it. A worker that dies or hangs makes a failed evaluation.

        `recipe` is another one than that of the pool.
        """
        call = Call(Request(architecture, parent, recipe))
        with self._changed:
            if self._is_closed:
                return self._closed(call)
            self._waiting.append(call)
            self._changed.notify()
        return call.answer.result()

    def drop_waiting(self) -> None:
        """Forget the candidates that wait for a worker; those that are being trained are trained to the end."""
        with self._changed:
            while self._waiting:
                call = self._waiting.popleft()
                call.answer.set_result(self._failed(call, "it was dropped"))

    def close(self) -> None:
        """End the workers, whatever they are at, and, when it was started here, Ray."""
        import ray

        with self._changed:
            self._is_closed = True
            for actor in self._actors:
                ray.kill(actor)
            for call in self._waiting:
                call.answer.set_result(self._closed(call))
            self._waiting.clear()
            self._changed.notify_all()
        self._ray.close()

    def _start(self) -> Any:
        """A new worker; None when the pool is closed."""
        with self._changed:
            if self._is_closed:
                return None
            actor = self._make(*self._arguments)
            self._actors.add(actor)
            return actor

    def _end(self, actor: Any) -> None:
        import ray

        with self._changed:
            if not self._is_closed:
                self._actors.discard(actor)
                ray.kill(actor)

    def _serve(self, actor: Any) -> None:
        """The life of a place in the pool: take what waits, have it trained, replace a worker that is used up."""
        n_built = 0
        while actor is not None and (calls := self._take()):
            resident = self._train(actor, calls)
            n_built += sum(is_built(call) for call in calls)
            if resident is None or n_built >= MAX_CANDIDATES or resident > MAX_RESIDENT:
                self._end(actor)
                actor, n_built = self._start(), 0

    def _take(self) -> list[Call]:
        """What is to be trained next, an equal share of what waits; nothing when the pool is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if self._is_closed:
                return []
            n = min(self._turn, math.ceil(len(self._waiting) / self.n_workers))
            calls = [self._waiting.popleft()]
            while len(calls) < n and not (calls[0].is_alone or self._waiting[0].is_alone):
                calls.append(self._waiting.popleft())
            return calls

    def _train(self, actor: Any, calls: list[Call]) -> int | None:
        """Answer `calls`; returns the worker's resident size, None when the worker is lost."""
        import ray

        began, limit = time.monotonic(), HANG_SECONDS * len(calls)
        try:
            work = actor.train.remote([call.request for call in calls])
            evaluations, resident = ray.get(work, timeout=limit)
        except ray.exceptions.GetTimeoutError:
            self._give_up(calls, f"it took more than {limit:.0f} s")
            return None
        except ray.exceptions.RayActorError as error:
            self._give_up(calls, f"its process died: {' '.join(str(error).split())}")
            return None
        except BaseException as error:  # a fault of ours: whoever asked must learn of it
            for call in calls:
                call.answer.set_exception(error)
            return None
        for call, evaluation in zip(calls, evaluations, strict=True):
            call.answer.set_result(replace(evaluation, waited=round(began - call.since, 4)))
        return resident  # type: ignore[no-any-return]

    def _give_up(self, calls: list[Call], reason: str) -> None:
        """The one that was alone has failed; of several each gets another turn by itself."""
        with self._changed:
            if len(calls) > 1 and not self._is_closed:
                for call in calls:
                    call.is_alone = True
                self._waiting.extendleft(reversed(calls))
                self._changed.notify_all()
                return
        for call in calls:
            call.answer.set_result(self._failed(call, reason))

    def _closed(self, call: Call) -> Evaluation:
        return self._failed(call, "the pool was closed")

    def _failed(self, call: Call, reason: str) -> Evaluation:
        architecture, parent, recipe = call.request
        return (recipe or self.recipe).failed(architecture, parent, reason)


def resources(address: str | None) -> dict[str, float]:
    """What the cluster has; of this machine no more cores than this process may use, which Ray does not ask."""
    import ray

    found = dict(ray.cluster_resources())
    return found if address else found | {"CPU": min(found.get("CPU", 1.0), len(os.sched_getaffinity(0)))}


def default_workers(resources: dict[str, float], gpus: float) -> int:
    """As many as the cores hold, or the GPUs when candidates take a share of one; at least 1.

    Raises:
        JobError: candidates want a GPU and there is none.
    """
    cores = int(resources.get("CPU", 1))
    if not gpus:
        return max(1, cores)
    n = min(cores, int(resources.get("GPU", 0) / gpus))
    if n < 1:
        raise JobError(f"`gpus_per_candidate` is {gpus}, but Ray sees {resources.get('GPU', 0):g} GPUs: set it to 0.")
    return n


@contextmanager
def started_ray(address: str | None) -> Iterator[None]:
    """Be joined to the cluster at `address`, or have Ray on this machine alone.

    Raises:
        JobError: no cluster answers at `address`.
    """
    import ray

    with ExitStack() as stack:
        try:
            if address:
                ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
            else:
                _start_ray(stack.enter_context(scratch_folder()))
        except (ConnectionError, ValueError) as error:
            raise JobError(f"`ray_address`: no Ray cluster answers at {address!r} ({error}).") from None
        stack.callback(ray.shutdown)
        yield


def _start_ray(scratch: Path) -> None:
    import ray
    from ray._private import parameter

    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else Ray keeps one in the home folder
    # On one machine there is nothing to scale, and nobody reads the workers' output. That Ray can begin without the two
    # processes that would do so (1.4 s of a core, and one more at the end), `ray.init` does not hand on.
    whole = parameter.RayParams
    parameter.RayParams = partial(whole, no_monitor=True, include_log_monitor=False)
    try:
        ray.init(
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=100 * 2**20,  # arrays never travel through it
            # No processes that wait for work that never comes (the actors start their own), nor workers that stand
            # behind all other programs: how far they give way `NAS_NICE` says.
            _system_config={
                "enable_worker_prestart": False,
                "prestart_worker_first_driver": False,
                "worker_niceness": 0,
            },
            _temp_dir=str(scratch),
        )
    finally:
        parameter.RayParams = whole


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for Ray's logs and sockets (whose paths must be short), and the end of those that killed ones left."""
    for folder in Path(tempfile.gettempdir()).glob("nas-ray-*"):
        with suppress(JobError, OSError), locked(folder / "in-use", str(folder)):
            shutil.rmtree(folder)
    folder = Path(tempfile.mkdtemp(prefix="nas-ray-"))
    with locked(folder / "in-use", str(folder)):
        yield folder
    shutil.rmtree(folder, ignore_errors=True)
