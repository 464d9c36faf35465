"""What a task declares. It names its parts; the stages act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_core.space.architecture import Choice


@dataclass(frozen=True)
class Task:
    """One learning problem: an input, a target, the layers between them and the metrics that judge it.

    `input` and `target` are folder names below :mod:`nas_core.inputs` and :mod:`nas_core.targets`. The first of
    `metrics` is the default metric; `first` is a network that is good for most data of this task, with which a search
    begins, and `second` one of another kind that is about as good. `recognise` says whether a target column (its entry
    in ``profile.json``) speaks for this task; tasks are asked in the order of the registry. `sample` writes a tiny
    dataset of this task below a folder and returns the fields of a job that uses it: every task is tested on it through
    all stages. With `keeps_rare` classes with too few rows to be judged by do not stop the job: they are learned from.
    """

    name: str
    title: str
    input: str
    target: str
    layers: tuple[str, ...]
    first: tuple[Choice, ...]
    metrics: tuple[str, ...]
    recognise: Callable[[dict[str, Any]], bool]
    sample: Callable[[Path], dict[str, Any]]
    second: tuple[Choice, ...] = ()
    formats: tuple[str, ...] = ("litert",)
    keeps_rare: bool = False
