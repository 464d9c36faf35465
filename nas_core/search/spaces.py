"""The space of a run: the task's layers between the ends that its data give."""

from __future__ import annotations

import math
from dataclasses import replace

from nas_core.data.prepared import Prepared
from nas_core.space.architecture import Architecture
from nas_core.space.rules import Codes, Space
from nas_core.space.settings import SpaceSettings
from nas_core.space.vocabulary import Vocabulary
from nas_core.tasks.registry import load_task
from nas_core.training.model import ends

ROOM = 6  # times the operations of the network to begin with
LEAST_LAYERS = 4  # of a network of pictures


def make_space(data: Prepared, settings: SpaceSettings) -> Space:
    """All networks that may be proposed for `data`."""
    task = data.schema["task"]
    vocabulary = Vocabulary.of(load_task(task).layers)
    limits = settings.max_layers, settings.max_parameters
    space = Space(vocabulary, ends(data.transforms), *limits, max_flops=settings.max_flops or math.inf)
    return space if len(space.ends.shape) == 1 else _common(space, first_network(space, task))


def _common(space: Space, first: Codes) -> Space:
    """Of pictures: neither networks that would take the whole budget for themselves, nor beginnings of networks."""
    room = ROOM * space.cost(first).flops if math.isinf(space.max_flops) else space.max_flops
    return replace(space, min_layers=min(LEAST_LAYERS, len(first)), max_flops=room)


def first_network(space: Space, task: str) -> Codes:
    """The task's network to begin with, as far as it fits into `space`."""
    codes = space.vocabulary.encode(Architecture(load_task(task).first))
    while not space.is_legal(codes):
        codes = codes[:-1]
    return codes
