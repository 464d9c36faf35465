"""The space of a run: the task's layers between the ends that its data give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nas_core.data.prepared import Prepared
from nas_core.evaluation.fidelity import affordable_flops, shrink_of
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.layer import is_whole, load_layer
from nas_core.space.rules import Codes, Space
from nas_core.space.settings import SpaceSettings
from nas_core.space.vocabulary import STOP, Vocabulary
from nas_core.tasks.registry import load_task
from nas_core.training.model import ends

MAX_LAYERS, MAX_LAYERS_OF_PICTURES = 6, 8  # unless the job says otherwise: pooling and flattening are layers too
LEAST_LAYERS = 6  # of a network of pictures
CHEAP = 100_000_000  # operations: what needs fewer is not made cheaper still
LEAST_ROOM, ROOM = 2, 6  # times the operations of the network to begin with
LITERT_FLOPS = 20e9  # a second, of a core that predicts; plain convolutions reach 100e9, depthwise ones a tenth of that


def make_space(data: Prepared, settings: SpaceSettings, seconds: float = math.inf) -> Space:
    """All networks that may be proposed for `data`; of pictures those that can be trained in `seconds` of a core."""
    task, of_what = data.schema["task"], ends(data.transforms)
    of_pictures = len(of_what.shape) > 1
    vocabulary = _offered(Vocabulary.of(load_task(task).layers), data.transforms["input"])
    max_layers = settings.max_layers or (MAX_LAYERS_OF_PICTURES if of_pictures else MAX_LAYERS)
    space = Space(vocabulary, of_what, max_layers, settings.max_parameters, max_flops=_most_flops(settings))
    if not of_pictures:
        return space
    first, affordable = first_network(space, task), affordable_flops(data.schema["n_rows"]["train"], seconds)
    return _common(space, first, math.inf if settings.max_flops else _room(space.cost(first).flops, affordable))


def _most_flops(settings: SpaceSettings) -> float:
    """Operations of a row that the job allows."""
    return min(settings.max_flops or math.inf, LITERT_FLOPS * settings.max_latency_ms / 1000 or math.inf)


def _offered(vocabulary: Vocabulary, transform: dict[str, Any]) -> Vocabulary:
    """`vocabulary` without the backbones that there are no weights of."""
    known = transform.get("backbones", {})

    def is_offered(choice: Choice) -> bool:
        return not hasattr(load_layer(choice.kind), "pretrained") or f"{dict(choice.params)['alpha']:g}" in known

    return Vocabulary(tuple(filter(is_offered, vocabulary.choices)))


def _room(known: float, affordable: float) -> float:
    """Operations that a network of pictures may have where the one to begin with has `known`."""
    return min(ROOM * known, max(LEAST_ROOM * known, affordable))


def _common(space: Space, first: Codes, room: float = math.inf) -> Space:
    """Of pictures: neither networks that would take the whole budget for themselves, nor beginnings of networks."""
    space = replace(space, min_layers=min(LEAST_LAYERS, len(first)), max_flops=min(room, space.max_flops))
    shape, shrink = space.ends.shape, shrink_of(space.ends.shape)
    if shrink == 1:
        return space
    seen = replace(space.ends, shape=(shape[0] // shrink, shape[1] // shrink, shape[2]))
    return replace(space, also=replace(space, ends=seen))


def first_network(space: Space, task: str) -> Codes:
    """The task's network to begin with, as far as it fits into `space`; with strides where pictures are large."""
    wanted = load_task(task).first
    begun = [_begun(space, _strided(wanted, n)) for n in range(1 + sum(map(_has_stride, wanted)))]
    return max(begun, key=lambda codes: (len(codes), -max(CHEAP, space.cost(codes).flops)))


def second_network(space: Space, task: str) -> list[Codes]:
    """The task's other network to begin with, if it has one that fits into `space`."""
    codes = space.vocabulary.encode(Architecture(load_task(task).second))
    return [codes] if codes and space.is_legal(codes) else []


def backbones(space: Space) -> list[Codes]:
    """The largest pretrained backbone that fits into `space`, with nothing but the head behind it; none without one."""
    whole = [code for code, choice in enumerate(space.vocabulary.choices, 1) if is_whole(choice)]
    fitting: list[Codes] = [(code,) for code in reversed(whole) if space.is_legal((code, STOP))]
    return fitting[:1]


def _begun(space: Space, choices: Sequence[Choice]) -> Codes:
    codes = space.vocabulary.encode(Architecture(tuple(choices)))
    while not space.is_legal(codes):
        codes = codes[:-1]
    return codes


def _has_stride(choice: Choice) -> bool:
    return "stride" in dict(choice.params)


def _strided(choices: Sequence[Choice], n: int) -> tuple[Choice, ...]:
    """`choices` of which the first `n` with a stride have one of 2."""
    places = [place for place, choice in enumerate(choices) if _has_stride(choice)][:n]
    return tuple(
        Choice.of(choice.kind, **dict(choice.params) | {"stride": 2}) if place in places else choice
        for place, choice in enumerate(choices)
    )
