"""Where the pieces of a table are worked on: here, one after the other, or side by side on Ray."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from nas_core.errors import JobError

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workshop(Protocol):
    """Does one piece of work after the other, or several side by side, with the same results in the same order."""

    def flat_map(self, work: Callable[[Item], Iterable[Result]], items: Sequence[Item]) -> Iterator[Result]:
        """Yield what `work` yields for each item, in their order. An error of `work` is raised here."""


class Here:
    """In this process."""

    def flat_map(self, work: Callable[[Item], Iterable[Result]], items: Sequence[Item]) -> Iterator[Result]:
        """Yield what `work` yields for each item; nothing is done before it is asked for."""
        for item in items:
            yield from work(item)


HERE = Here()


class OnRay:
    """On Ray Data: on the cluster that this process has joined. Files must be there under the same path.

    Workers have this service's limits, and one hash for equal words.
    """

    def flat_map(self, work: Callable[[Item], Iterable[Result]], items: Sequence[Item]) -> Iterator[Result]:
        """Yield what `work` yields for each item, while later ones are worked on."""
        import ray.data

        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        variables = {name: value for name, value in os.environ.items() if name.startswith("NAS_")}
        packed = [{"packed": ray.cloudpickle.dumps(item)} for item in items]
        done = ray.data.from_items(packed, override_num_blocks=len(packed)).map_batches(
            Packed(work),
            batch_size=1,
            batch_format="pyarrow",
            runtime_env={"env_vars": variables | {"PYTHONHASHSEED": "0"}},
        )
        for row in done.iter_rows():
            result = ray.cloudpickle.loads(row["packed"])
            if isinstance(result, JobError):
                raise result
            yield result


class Packed:
    """Work on pickled items, with pickled results; a JobError is a result, too."""

    def __init__(self, work: Callable[[Any], Iterable[Any]]) -> None:
        self.work = work

    def __call__(self, batch: Any) -> Iterator[Any]:
        import pyarrow as pa
        from ray import cloudpickle

        def rows(result: Any) -> pa.Table:
            return pa.table({"packed": pa.array([cloudpickle.dumps(result)], pa.large_binary())})

        try:
            for item in batch["packed"].to_pylist():
                yield from map(rows, self.work(cloudpickle.loads(item)))
        except JobError as error:
            yield rows(error)
