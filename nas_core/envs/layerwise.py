"""Layer by layer: an action appends a layer, the network is trained with it, the gain is the reward."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import gymnasium as gym

from nas_core.envs.observation import Reset, Step, Window, observation_space
from nas_core.envs.reward import FAILED, ILLEGAL, value
from nas_core.evaluation.evaluation import Evaluate, Evaluation
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import STOP


class Layerwise(gym.Env[dict[str, Any], int]):
    """Build a network one choice at a time; every extension is evaluated.

    The reward of an action is the change of the network's value (score less the price of its size), so that the rewards
    of an episode add up to the value of the finished network. What is shorter than the space's `min_layers` is not a
    network yet and is not evaluated. The episode ends at "stop", at `max_layers`, or when a network cannot be trained.
    An action that the mask forbids changes nothing, is penalised, and said in ``info["illegal"]``.
    ``info["evaluation"]`` is what a step measured.
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
        self.action_space = gym.spaces.Discrete(len(space.vocabulary))
        self.codes: Codes = ()
        self.value = 0.0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Reset:
        """Begin an empty network. With a `seed` everything begins anew, the trainings that are remembered too."""
        super().reset(seed=seed, options=options)
        if seed is not None:
            self.window.restart()
        self.codes, self.value = (), 0.0
        return self.window.observe(()), {}

    def step(self, action: int) -> Step:
        """Append choice `action`, or end the network with 0."""
        action = int(action)
        if not self.space.mask(self.codes)[action]:
            return self.window.observe(self.codes), ILLEGAL, False, False, {"illegal": True}
        if action == STOP:
            self.codes = (*self.codes, STOP)
            return self.window.observe(self.codes), 0.0, True, False, {}
        self.codes = (*self.codes, action)
        if not self.space.is_enough(self.codes):
            return self.window.observe(self.codes), 0.0, False, False, {}
        (evaluation,) = self.evaluate([self.space.vocabulary.decode(self.codes)])
        self.window.add(evaluation)
        reward, ended = self._judge(evaluation)
        return self.window.observe(self.codes), reward, ended, False, {"evaluation": evaluation}

    def render(self) -> str | None:
        """The network so far and its value, as a line of text."""
        if self.render_mode != "ansi":
            return None
        return f"{self.space.vocabulary.decode(self.codes)} = {self.value:.4f}"

    def _judge(self, evaluation: Evaluation) -> tuple[float, bool]:
        worth = value(evaluation, self.window.size_penalty)
        if worth is None:
            return FAILED, True
        gain, self.value = worth - self.value, worth
        return gain, self.space.is_complete(self.codes)
