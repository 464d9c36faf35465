"""A pool of Ray actors that train candidates side by side.

Each worker imports TensorFlow once and opens the prepared arrays by path. A worker that crashes, hangs or grows costs
its candidate (or nothing) and is replaced; the search goes on.
"""

from __future__ import annotations

import logging
import os
import queue
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_core.data.prepared import Prepared
from nas_core.errors import CandidateError, JobError
from nas_core.evaluation.candidate import Recipe, train_candidate
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.settings import EvaluationSettings
from nas_core.runs.store import locked
from nas_core.space.architecture import Architecture
from nas_core.training.quiet import quiet_tensorflow

log = logging.getLogger("nas")

MAX_CANDIDATES = 400  # Keras leaks 2–4 MB a candidate; a worker is replaced after this many
MAX_RESIDENT = 4 * 2**30  # bytes; or when it has grown to this
HANG_SECONDS = 900.0  # a candidate that takes longer is given up


class Trainer:
    """What lives in a worker process: TensorFlow on one core, the data, the recipe."""

    def __init__(self, data: Prepared, recipe: Recipe) -> None:
        quiet_tensorflow()
        import tensorflow as tf

        # Candidates run side by side, one core each; one thread also makes equal seeds give equal weights.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        self.data, self.recipe = data, recipe

    def train(self, architecture: Architecture, parent: str | None) -> tuple[Evaluation, int]:
        """The evaluation, failed ones too, and the resident size of this process in bytes."""
        import tensorflow as tf

        try:
            return train_candidate(self.data, self.recipe, architecture, parent), resident_bytes()
        except (CandidateError, MemoryError, tf.errors.OpError, ValueError) as error:
            reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            return self.recipe.failed(architecture, parent, reason), resident_bytes()


def resident_bytes() -> int:
    """Resident size of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@dataclass(eq=False)
class Worker:
    """A Ray actor and how many candidates it has trained."""

    actor: Any
    n_trained: int = 0


class Pool:
    """`n_workers` trainers. :meth:`train` may be called from as many threads at a time; further ones wait."""

    def __init__(self, data: Prepared, recipe: Recipe, settings: EvaluationSettings) -> None:
        import ray

        self.recipe = recipe
        self._ray = ExitStack()
        self._ray.enter_context(started_ray(settings.ray_address))
        gpus = settings.gpus_per_candidate
        self._make = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)(Trainer).remote
        self._arguments = (ray.put(data), ray.put(recipe))
        self.n_workers = settings.n_workers or default_workers(ray.cluster_resources(), gpus)
        self._workers: set[Worker] = set()
        self._lock, self._is_closed = threading.Lock(), False
        self._free: queue.Queue[Worker | None] = queue.Queue()  # None: the pool is closed
        for _ in range(self.n_workers):
            self._add_worker()

    def train(self, architecture: Architecture, parent: str | None) -> Evaluation:
        """Train one candidate and wait for it. A worker that dies or hangs makes a failed evaluation."""
        import ray

        worker = self._free.get()
        if worker is None:
            return self.recipe.failed(architecture, parent, "the pool was closed")
        try:
            evaluation, resident = ray.get(worker.actor.train.remote(architecture, parent), timeout=HANG_SECONDS)
        except ray.exceptions.GetTimeoutError:
            self._replace(worker)
            return self.recipe.failed(architecture, parent, f"it took more than {HANG_SECONDS:.0f} s")
        except ray.exceptions.RayActorError as error:
            self._replace(worker)
            return self.recipe.failed(architecture, parent, f"its process died: {' '.join(str(error).split())}")
        worker.n_trained += 1
        if worker.n_trained >= MAX_CANDIDATES or resident > MAX_RESIDENT:
            self._replace(worker)
        else:
            self._free.put(worker)
        return evaluation  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the workers, whatever they are at, and, when it was started here, Ray."""
        import ray

        with self._lock:  # a thread may be about to replace a worker that just died
            self._is_closed = True
            for worker in self._workers:
                ray.kill(worker.actor)
        for _ in range(self.n_workers):
            self._free.put(None)
        self._ray.close()

    def _add_worker(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            worker = Worker(self._make(*self._arguments))
            self._workers.add(worker)
        self._free.put(worker)

    def _replace(self, worker: Worker) -> None:
        import ray

        with self._lock:
            if self._is_closed:
                return
            self._workers.discard(worker)
            ray.kill(worker.actor)
        self._add_worker()


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

    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else Ray keeps one in the home folder
    ray.init(
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=100 * 2**20,  # arrays never travel through it
        _temp_dir=str(scratch),
    )


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
