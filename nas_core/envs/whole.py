"""Whole network: one action lays out all layers, the value of the trained network is the reward."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from nas_core.envs.observation import Reset, Step, Window, observation_space
from nas_core.envs.reward import FAILED, ILLEGAL, value
from nas_core.evaluation.evaluation import Evaluate, Evaluation
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import STOP


class Whole(gym.Env[dict[str, Any], np.ndarray]):
    """Lay out a network in one action: a code for each of `max_layers` slots, "stop" (0) from its end on.

    An episode is one step. The reward is the network's value (score less the price of its size). An action that is not
    a network by the rules is not evaluated: it is penalised, said in ``info["illegal"]``, and the episode goes on.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"]}

    def __init__(
        self,
        space: Space,
        evaluate: Evaluate,
        *,
        history: int = 8,
        size_penalty: float = 0.0,
        past: Iterable[Evaluation] = (),
        render_mode: str | None = None,
    ) -> None:
        self.space, self.evaluate, self.render_mode = space, evaluate, render_mode
        self.window = Window(space, history, size_penalty, past)
        self.observation_space = observation_space(space, history)
        self.action_space = gym.spaces.MultiDiscrete([len(space.vocabulary)] * space.max_layers)
        self.codes: Codes = ()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Reset:
        """Forget the last network. With a `seed` everything begins anew, the trainings that are remembered too."""
        super().reset(seed=seed, options=options)
        if seed is not None:
            self.window.restart()
        self.codes = ()
        return self.window.observe(()), {}

    def step(self, action: np.ndarray) -> Step:
        """Build and evaluate the network that `action` (max_layers,) lays out."""
        codes = tuple(int(code) for code in action)
        if not self.space.is_legal(codes):
            return self.window.observe(()), ILLEGAL, False, False, {"illegal": True}
        self.codes = codes
        (evaluation,) = self.evaluate([self.space.vocabulary.decode(codes)])
        self.window.add(evaluation)
        worth = value(evaluation, self.window.size_penalty)
        reward = FAILED if worth is None else worth
        return self.window.observe(codes), reward, True, False, {"evaluation": evaluation}

    def render(self) -> str | None:
        """The last network, as a line of text."""
        return str(self.space.vocabulary.decode(self.codes)) if self.render_mode == "ansi" else None


class SlotBySlot(gym.Wrapper[dict[str, Any], int, dict[str, Any], np.ndarray]):
    """The same environment with its one action decoded slot by slot, each choice seeing those before.

    The steps of an episode only fill the slots (reward 0); the last one lays out the whole network. So one masked
    policy over single choices serves both environments.
    """

    def __init__(self, env: Whole) -> None:
        super().__init__(env)
        self.whole = env
        self.action_space = gym.spaces.Discrete(len(env.space.vocabulary))
        self.codes: Codes = ()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Reset:
        """Empty all slots."""
        self.codes = ()
        return self.whole.reset(seed=seed, options=options)

    def step(self, action: int) -> Step:
        """Fill the next slot with choice `action`."""
        space, action = self.whole.space, int(action)
        if not space.mask(self.codes)[action]:
            return self.whole.window.observe(self.codes), ILLEGAL, False, False, {"illegal": True}
        self.codes = (*self.codes, action)
        if not space.is_complete(self.codes):
            return self.whole.window.observe(self.codes), 0.0, False, False, {}
        rest = space.max_layers - len(self.codes)
        return self.whole.step(np.array([*self.codes, *[STOP] * rest]))
