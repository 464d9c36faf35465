"""What the agent sees, in both environments: its last trainings, the network so far, what may come next."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import gymnasium as gym
import numpy as np

from nas_core.envs.reward import value
from nas_core.evaluation.evaluation import Evaluation
from nas_core.space.rules import Codes, Space

N_METRICS = 3

Reset = tuple[dict[str, Any], dict[str, Any]]  # observation, info
Step = tuple[dict[str, Any], float, bool, bool, dict[str, Any]]  # observation, reward, terminated, truncated, info


def observation_space(space: Space, history: int) -> gym.spaces.Dict:
    """The Gymnasium space of :class:`Window`'s observations.

    - `history`: (`history`, 3), the last trainings, the latest last: value, decimal digits of the number of parameters
      over 6, and 1 for a training that took place; a failed one has the value −1, what is still to come is all zeros.
    - `architecture`: (`max_layers`,), the codes so far, 0 where there is nothing.
    - `mask`: (len(vocabulary),), 1 where a code may come next.
    """
    return gym.spaces.Dict(
        {
            "history": gym.spaces.Box(-np.inf, np.inf, (history, N_METRICS), np.float32),
            "architecture": gym.spaces.MultiDiscrete([len(space.vocabulary)] * space.max_layers),
            "mask": gym.spaces.MultiBinary(len(space.vocabulary)),
        }
    )


class Window:
    """The last `history` trainings, beginning with `past`, and the observation made of them."""

    def __init__(self, space: Space, history: int, size_penalty: float, past: Iterable[Evaluation]) -> None:
        self.space, self.size_penalty = space, size_penalty
        self.rows = np.zeros((history, N_METRICS), np.float32)  # replaced, never written to: observations share it
        for evaluation in past:
            self.add(evaluation)
        self._first_rows = self.rows

    def restart(self) -> None:
        """Remember only what was there at the beginning."""
        self.rows = self._first_rows

    def add(self, evaluation: Evaluation) -> None:
        """Remember one more training, forget the oldest."""
        worth = value(evaluation, self.size_penalty)
        digits = math.log10(max(1, evaluation.parameters)) / 6
        row = np.array([[-1.0 if worth is None else worth, digits, 1.0]], np.float32)
        self.rows = np.concatenate([self.rows, row])[1:]

    def observe(self, codes: Codes) -> dict[str, Any]:
        """The observation with `codes` as the network so far."""
        padded = np.zeros(self.space.max_layers, np.int64)
        padded[: len(codes)] = codes
        mask = self.space.mask(codes).astype(np.int8)
        return {"history": self.rows, "architecture": padded, "mask": mask}
