"""The two algorithms' environments by the job's `algorithm`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym

from nas_core.envs.layerwise import Layerwise
from nas_core.envs.whole import SlotBySlot, Whole

# By algorithm: an environment in which one action is one choice, as the agents play it.
ENVS: dict[str, Callable[..., gym.Env[Any, int]]] = {
    "layerwise": Layerwise,
    "whole": lambda *args, **kwargs: SlotBySlot(Whole(*args, **kwargs)),
}
