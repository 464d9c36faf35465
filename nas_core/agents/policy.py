"""The policy: a small network over the observation whose illegal choices have no probability, and its PPO (torch).

Only :mod:`nas_core.agents.ppo` imports this, since torch and RLlib are heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from ray.rllib.algorithms.ppo import PPO
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch.torch_rl_module import TorchRLModule
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.postprocessing.value_predictions import compute_value_targets

HIDDEN = 64
FORBIDDEN = -1e9  # logit of an illegal choice


class PractisingPPO(PPO):
    """PPO whose iteration is an episode of each of `games`, all side by side, as one batch.

    The environments of practice are so cheap that RLlib's own sampling, an object for each episode and a callback for
    each step, takes three times as long as all else, and to make them RLlib's way a tenth of a round. It also leaves no
    folder of logs in the home folder.
    """

    games: Games

    @property
    def policy(self) -> Any:
        """What learns also plays: to hand its weights to a player of RLlib's takes a twentieth of a round."""
        [found] = self.learner_group.foreach_learner(lambda learner: learner.module[DEFAULT_MODULE_ID])
        return found.get()

    def _setup_logdir(self) -> None:
        self._logdir = ""

    def training_step(self) -> None:
        """Play, and learn from it."""
        config, policy = self.config, self.policy
        batch = play(self.games, policy)
        with torch.no_grad():
            values = policy.compute_values(batch).numpy()
        ended = batch[Columns.TERMINATEDS].numpy()
        targets = compute_value_targets(
            values, batch[Columns.REWARDS].numpy(), ended, np.zeros_like(ended), config.gamma, config.lambda_
        )
        gains = targets - values
        batch[Postprocessing.VALUE_TARGETS] = torch.as_tensor(targets)
        batch[Postprocessing.ADVANTAGES] = torch.as_tensor((gains - gains.mean()) / max(1e-4, gains.std()))
        whole = MultiAgentBatch({DEFAULT_MODULE_ID: SampleBatch(batch)}, env_steps=len(values))
        self.learner_group.update(batch=whole, num_epochs=config.num_epochs, minibatch_size=None)


class Games(Protocol):
    """Environments that are played side by side."""

    def reset(self) -> tuple[list[int], np.ndarray]:
        """Begin an episode in each: the numbers of the environments, and what is seen in each, (n, width)."""

    def step(self, playing: Sequence[int], actions: Sequence[int]) -> tuple[list[float], list[int], np.ndarray]:
        """The reward of each action; as in :meth:`reset`, the environments that play on."""


def play(games: Games, policy: Any) -> dict[str, Any]:
    """An episode of each of `games`: RLlib's columns of all steps, one after the other."""
    playing, seen = games.reset()
    who, ticks = list[int](), list[dict[str, Any]]()
    while playing:
        observed = torch.as_tensor(seen)
        with torch.no_grad():
            logits = policy._forward({Columns.OBS: observed})[Columns.ACTION_DIST_INPUTS]
        chances = torch.log_softmax(logits, 1)
        actions = torch.multinomial(chances.exp(), 1).squeeze(1)
        who += playing
        rewards, playing, seen = games.step(playing, actions.tolist())
        ticks.append(
            {
                Columns.OBS: observed,
                Columns.ACTIONS: actions,
                Columns.ACTION_LOGP: chances.gather(1, actions[:, None]).squeeze(1),
                Columns.ACTION_DIST_INPUTS: logits,
                Columns.REWARDS: torch.tensor(rewards, dtype=torch.float32),
            }
        )
    order = np.argsort(who, kind="stable")
    batch = {name: torch.cat([tick[name] for tick in ticks])[order] for name in ticks[0]}
    ends = np.append(np.diff(np.array(who)[order]) > 0, True)
    return batch | {Columns.TERMINATEDS: torch.as_tensor(ends.astype(np.float32))}


class MaskedPolicy(TorchRLModule, ValueFunctionAPI):
    """Two small towers, one for the choice and one for the value of the state, over history and network so far."""

    def setup(self) -> None:
        """Make the layers for observations as `flat` makes them: behind all that the towers see lies the mask."""
        self.n_choices = int(self.action_space.n)
        width = self.observation_space.shape[0] - self.n_choices
        self.policy, self.values = tower(width, self.n_choices), tower(width, 1)

    def _forward(self, batch: dict[str, Any], **_: Any) -> dict[str, Any]:
        seen, mask = self._parts(batch)
        return {Columns.ACTION_DIST_INPUTS: self.policy(seen).masked_fill(mask == 0, FORBIDDEN)}

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Any:  # noqa: ARG002 (RLlib's signature)
        """What the agent expects to gain from here on: (rows,)."""
        return self.values(self._parts(batch)[0]).squeeze(-1)

    def _parts(self, batch: dict[str, Any]) -> Any:
        return batch[Columns.OBS].split([batch[Columns.OBS].shape[1] - self.n_choices, self.n_choices], dim=1)


def tower(width: int, n_out: int) -> Any:
    """A hidden layer and an output that begins near zero, so that a fresh policy prefers nothing."""
    out = torch.nn.Linear(HIDDEN, n_out)
    torch.nn.init.normal_(out.weight, std=0.01)
    torch.nn.init.zeros_(out.bias)
    return torch.nn.Sequential(torch.nn.Linear(width, HIDDEN), torch.nn.Tanh(), out)
