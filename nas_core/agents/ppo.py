"""PPO (RLlib, new API stack) that practises on a model of the results.

Real trainings are few and dear. So in each round a surrogate is fitted to the ledger, a fresh policy practises in the
job's environment with the surrogate as its `evaluate`, and the best of the networks that it visited are proposed. After
Angermueller et al., "Model-based reinforcement learning for biological sequence design" (DyNA-PPO), ICLR 2020; PPO:
Schulman et al. 2017, arXiv:1707.06347.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from nas_core.agents.agent import Proposal, codes_of, draw_unseen, places, uniform_probabilities, values_of
from nas_core.envs.registry import ENVS
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.ledger import Entry
from nas_core.evaluation.surrogate import Surrogate
from nas_core.space.architecture import Architecture
from nas_core.space.rules import Codes, Space

N_START = 10  # random networks before there is something to learn from
N_ITERATIONS = 12
N_STEPS = 256  # of the environment, in an iteration
N_ENVS = 32  # side by side in one process
OPTIMISM = 1.0  # standard deviations added to the predicted value in practice

# Where RLlib's environments find the practice that is under way: RLlib makes them from a name.
_PRACTICES: dict[int, Practice] = {}


class PPOAgent:
    """Proposes what a policy, trained afresh each round, finds best by the surrogate."""

    def __init__(self, space: Space, settings: EnvSettings, seed: int) -> None:
        self.space, self.settings, self.seed = space, settings, seed
        # The first networks need no RLlib; while they are trained its import (3 s) goes on beside them.
        threading.Thread(target=import_rllib, daemon=True).start()

    def propose(self, entries: Sequence[Entry], n: int, round_: int) -> list[Proposal]:
        """See :class:`nas_core.agents.agent.Agent`."""
        rng = np.random.default_rng([self.seed, round_])
        networks = codes_of(self.space, entries)
        if len(entries) < N_START:
            drawn = draw_unseen(self.space, rng, set(networks), n)
            return [Proposal(codes, "ppo", uniform_probabilities(self.space, codes)) for codes in drawn]
        surrogate = Surrogate(self.space, networks, values_of(entries))
        practice = Practice(self.space, self.settings, surrogate, tuple(e.evaluation for e in entries))
        policy = self._practise(practice, int(rng.integers(2**31)))
        chosen = choose(surrogate, sorted(practice.visited - set(networks)), n, rng)
        chosen += draw_unseen(self.space, rng, {*networks, *chosen}, n - len(chosen)) if len(chosen) < n else []
        return [Proposal(codes, "ppo", self._probabilities(policy, practice, codes)) for codes in chosen]

    def _practise(self, practice: Practice, seed: int) -> Any:
        """Train a fresh policy in the environment of `practice`, which notes what was visited; returns the policy."""
        import torch

        torch.set_num_threads(1)  # the policy is tiny, and the other cores train candidates
        random.seed(seed)
        np.random.seed(seed)  # RLlib shuffles its batches with it
        torch.manual_seed(seed)
        _PRACTICES[0] = practice
        # Built anew (0.03 s) rather than reset: nothing of an earlier round may be left in it.
        algorithm = build_algorithm(seed)
        for _ in range(N_ITERATIONS):
            algorithm.train()
        return algorithm.get_module()

    def _probabilities(self, policy: Any, practice: Practice, codes: Codes) -> np.ndarray:
        """What the practised policy thinks at each place of `codes`."""
        import torch
        from ray.rllib.core.columns import Columns

        window = practice.make_env().unwrapped.window
        seen = [window.observe(codes[:i]) for i in places(self.space, codes)]
        batch = {key: torch.as_tensor(np.stack([observation[key] for observation in seen])) for key in seen[0]}
        with torch.no_grad():
            logits = policy._forward({Columns.OBS: batch})[Columns.ACTION_DIST_INPUTS]
            return torch.softmax(logits, -1).numpy()


@dataclass
class Practice:
    """The job's environment with the surrogate in place of trainings; `visited` are the networks it was asked for."""

    space: Space
    settings: EnvSettings
    surrogate: Surrogate
    past: tuple[Evaluation, ...]

    def __post_init__(self) -> None:
        self._known: dict[Codes, float] = {}

    @property
    def visited(self) -> set[Codes]:
        """Every network that was evaluated in practice."""
        return set(self._known)

    def make_env(self) -> Any:
        """The environment of the job's algorithm. The surrogate predicts values with the price of size in them."""
        make = ENVS[self.settings.algorithm]
        return make(self.space, self.evaluate, history=self.settings.history, past=self.past)

    def evaluate(self, architectures: Sequence[Architecture]) -> Iterator[Evaluation]:
        """Predicted value plus a share of its uncertainty, as if it had been measured."""
        for architecture in architectures:
            codes = self.space.vocabulary.encode(architecture)
            if codes not in self._known:
                mean, deviation = self.surrogate.predict([codes])
                self._known[codes] = float(mean[0] + OPTIMISM * deviation[0])
            yield Evaluation(architecture, self._known[codes], parameters=self.space.cost(codes).parameters)


def choose(surrogate: Surrogate, networks: list[Codes], n: int, rng: np.random.Generator) -> list[Codes]:
    """The `n` most promising of `networks`, each by a boldness of its own, each counted as measured for the next."""
    chosen: list[Codes] = []
    while networks and len(chosen) < n:
        mean, deviation = surrogate.predict(networks)
        boldness = rng.exponential(1.0)
        best = networks.pop(int(np.argmax(mean + boldness * deviation)))
        surrogate.assume(best)
        chosen.append(best)
    return chosen


def make_practice_env(_: Any) -> Any:
    """RLlib's way to the environment: made by name, in this process."""
    return _PRACTICES[0].make_env()


def import_rllib() -> None:
    """Import RLlib without TensorFlow: 5 s and 500 MB less."""
    os.environ.setdefault("RLLIB_TEST_NO_TF_IMPORT", "1")
    # It would say some fifty times that TensorFlow is not imported, and in each round that the API stack is new.
    for name in ("ray.rllib.utils.framework", "ray.rllib.algorithms.algorithm_config"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import_module("gymnasium")  # it sets its own filter of warnings
    warnings.filterwarnings("ignore", ".*rllib-single-agent-env-v0 already in registry.*")
    import_module("ray.rllib.algorithms.ppo")


def build_algorithm(seed: int) -> Any:
    """RLlib's PPO in this process: no remote runners, several environments side by side."""
    import_rllib()
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.rl_module.rl_module import RLModuleSpec
    from ray.tune.registry import register_env

    from nas_core.agents.policy import MaskedPolicy, UnloggedPPO

    register_env("nas-practice", make_practice_env)
    config = (
        PPOConfig(algo_class=UnloggedPPO)
        .environment("nas-practice", disable_env_checking=True, normalize_actions=False)
        .env_runners(num_env_runners=0, num_envs_per_env_runner=N_ENVS)
        .learners(num_learners=0)
        .training(
            train_batch_size_per_learner=N_STEPS,
            minibatch_size=N_STEPS,
            num_epochs=4,
            lr=3e-3,
            gamma=1.0,
            lambda_=0.95,
            entropy_coeff=0.02,
            clip_param=0.2,
            vf_loss_coeff=0.5,
            use_kl_loss=False,
        )
        .rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedPolicy))
        .debugging(seed=seed, log_level="ERROR", log_sys_usage=False)  # its monitor would leave a thread
    )
    return config.build_algo()
