"""The policy: a small network over the observation whose illegal choices have no probability, and its PPO (torch).

Only :mod:`nas_core.agents.ppo` imports this, since torch and RLlib are heavy.
"""

from __future__ import annotations

from typing import Any

import torch
from ray.rllib.algorithms.ppo import PPO
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch.torch_rl_module import TorchRLModule

HIDDEN = 64
FORBIDDEN = -1e9  # logit of an illegal choice


class UnloggedPPO(PPO):
    """PPO that leaves no folder of logs in the home folder each time it is built."""

    def _setup_logdir(self) -> None:
        self._logdir = ""


class MaskedPolicy(TorchRLModule, ValueFunctionAPI):
    """Two small towers, one for the choice and one for the value of the state, over history and network so far."""

    def setup(self) -> None:
        """Make the layers for observations as `flat` makes them; `n_slots` is in the model's configuration."""
        self.n_choices, n_slots = int(self.action_space.n), self.model_config["n_slots"]
        self.parts = [self.observation_space.shape[0] - n_slots - self.n_choices, n_slots, self.n_choices]
        width = self.parts[0] + n_slots * self.n_choices
        self.policy, self.values = tower(width, self.n_choices), tower(width, 1)

    def _forward(self, batch: dict[str, Any], **_: Any) -> dict[str, Any]:
        observation = batch[Columns.OBS]
        logits = self.policy(self.features(observation))
        return {Columns.ACTION_DIST_INPUTS: logits.masked_fill(observation[:, -self.n_choices :] == 0, FORBIDDEN)}

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Any:  # noqa: ARG002 (RLlib's signature)
        """What the agent expects to gain from here on: (rows,)."""
        return self.values(self.features(batch[Columns.OBS])).squeeze(-1)

    def features(self, observation: Any) -> Any:
        """One vector a row: the history, and the codes so far one-hot."""
        history, codes, _ = observation.split(self.parts, dim=1)
        one_hot = torch.nn.functional.one_hot(codes.long(), self.n_choices).float()
        return torch.cat([history, one_hot.flatten(1)], dim=1)


def tower(width: int, n_out: int) -> Any:
    """A hidden layer and an output that begins near zero, so that a fresh policy prefers nothing."""
    out = torch.nn.Linear(HIDDEN, n_out)
    torch.nn.init.normal_(out.weight, std=0.01)
    torch.nn.init.zeros_(out.bias)
    return torch.nn.Sequential(torch.nn.Linear(width, HIDDEN), torch.nn.Tanh(), out)
