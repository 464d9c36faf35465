"""The two algorithms' environments by the job's `algorithm`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym

from nas_core.envs.layerwise import Layerwise
from nas_core.envs.whole import SlotBySlot, Whole
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import STOP

# By algorithm: an environment in which one action is one choice, as the agents play it.
ENVS: dict[str, Callable[..., gym.Env[Any, int]]] = {
    "layerwise": Layerwise,
    "whole": lambda *args, **kwargs: SlotBySlot(Whole(*args, **kwargs)),
}


def evaluated(algorithm: str, space: Space, codes: Codes) -> list[Codes]:
    """The networks that are evaluated when `codes` are played, in order: layer by layer what they begin with too."""
    begun = [codes[:n] for n in range(1, len(codes)) if space.is_enough(codes[:n])]
    return begun * (algorithm == "layerwise") + [codes]


def evaluated_last(algorithm: str, space: Space, codes: Codes) -> list[Codes]:
    """The network that is evaluated when the last of `codes` is chosen; none where that only adds to it or ends it."""
    if algorithm == "layerwise":
        return [codes] if codes[-1] != STOP and space.is_enough(codes) else []
    return [tuple(code for code in codes if code != STOP)] if space.is_complete(codes) else []
