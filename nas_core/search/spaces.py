"""The space of a run: the task's layers between the ends that its data give."""

from __future__ import annotations

from nas_core.data.prepared import Prepared
from nas_core.space.architecture import Architecture
from nas_core.space.rules import Codes, Space
from nas_core.space.settings import SpaceSettings
from nas_core.space.vocabulary import Vocabulary
from nas_core.tasks.registry import load_task
from nas_core.training.model import ends


def make_space(data: Prepared, settings: SpaceSettings) -> Space:
    """All networks that may be proposed for `data`."""
    vocabulary = Vocabulary.of(load_task(data.schema["task"]).layers)
    return Space(vocabulary, ends(data.transforms), settings.max_layers, settings.max_parameters)


def first_network(space: Space, task: str) -> Codes:
    """The task's network to begin with, as far as it fits into `space`."""
    codes = space.vocabulary.encode(Architecture(load_task(task).first))
    while not space.is_legal(codes):
        codes = codes[:-1]
    return codes
