"""PPO (RLlib, new API stack) that practises on a model of the results.

Real trainings are few and dear. So in each round a surrogate is fitted to the ledger, a fresh policy practises in the
job's environment with the surrogate as its `evaluate`, and the best of the networks that it visited are proposed. After
Angermueller et al., "Model-based reinforcement learning for biological sequence design" (DyNA-PPO), ICLR 2020; PPO:
Schulman et al. 2017, arXiv:1707.06347.
"""

from __future__ import annotations

import gc
import logging
import os
import random
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from nas_core.agents.acquisition import choose
from nas_core.agents.agent import (
    Codebook,
    Proposal,
    draw_spread,
    draw_unseen,
    places,
    uniform_probabilities,
    values_of,
)
from nas_core.envs.registry import ENVS, evaluated_last
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.ledger import Entry
from nas_core.evaluation.surrogate import Encoder, Results, Surrogate
from nas_core.space.architecture import Architecture
from nas_core.space.rules import Codes, Space

N_START = 10  # networks spread over the space before there is something to learn from
N_ITERATIONS = 12
N_EPISODES = 64  # in an iteration, side by side in one process
MAX_STEPS = 1024  # of the environment, in an iteration; fewer episodes where networks may be deep

# Where RLlib's environments find the practice that is under way: RLlib makes them from a name.
_PRACTICES: dict[int, Practice] = {}


class PPOAgent:
    """Proposes what a policy, trained afresh each round, finds best by the surrogate."""

    def __init__(self, space: Space, settings: EnvSettings, seed: int, earlier: Sequence[Results] = ()) -> None:
        """`earlier` are results of other searches over the same vocabulary, on data that may be like these."""
        self.space, self.settings, self.seed, self.earlier = space, settings, seed, earlier
        self.encoder, self.codebook = Encoder(space), Codebook(space)
        # The first networks need no RLlib; while they are trained its import (1.5 s) goes on beside them.
        self._importing = threading.Thread(target=import_rllib, daemon=True)
        self._importing.start()

    def propose(self, entries: Sequence[Entry], n: int, round_: int, pending: Sequence[Codes] = ()) -> list[Proposal]:
        """See :class:`nas_core.agents.agent.Agent`."""
        # The other cores train candidates: products of small matrices shared out to all cores mostly wait for them.
        with threadpool_limits(limits=1, user_api="blas"):
            return self._propose(entries, n, round_, pending)

    def _propose(self, entries: Sequence[Entry], n: int, round_: int, pending: Sequence[Codes]) -> list[Proposal]:
        rng = np.random.default_rng([self.seed, round_])
        networks = self.codebook.codes_of(entries)
        measured = set(networks)
        seen = measured.union(pending)
        n_known = len(entries) + min(len(entries), len(pending))  # to learn from; half of it is enough to begin with
        if n_known < N_START and not self.earlier:
            return self._blindly(self._start(seen, n), seen, n, rng)
        surrogate = self._fit(networks, entries, [codes for codes in pending if codes not in measured])
        past = tuple(entry.evaluation for entry in entries[-self.settings.history :])
        practice = Practice(self.space, self.settings, surrogate, past, rng.exponential(1.0))
        policy = self._practise(practice, int(rng.integers(2**31)))
        known = practice.visited.union(*(results.networks for results in self.earlier))
        chosen = self._choose(surrogate, known - seen, n, rng)
        proposals = [Proposal(codes, "ppo", self._probabilities(policy, practice, codes)) for codes in chosen]
        return self._blindly(proposals, seen, n, rng)

    def _fit(self, networks: list[Codes], entries: Sequence[Entry], pending: list[Codes]) -> Surrogate:
        """The surrogate of all that is known; what is under way counts with its predicted value."""
        surrogate = Surrogate(self.encoder, Results(networks, values_of(entries)), self.earlier)
        surrogate.assume(pending)
        return surrogate

    def _choose(self, surrogate: Surrogate, networks: set[Codes], n: int, rng: np.random.Generator) -> list[Codes]:
        """The `n` networks to be measured."""
        return choose(surrogate, sorted(networks), n, rng)

    def _start(self, seen: set[Codes], n: int) -> list[Proposal]:
        """The next `n` of those networks that every search with this seed begins with."""
        start = draw_spread(self.space, np.random.default_rng(self.seed), max(n, N_START))
        fresh = [codes for codes in dict.fromkeys(start) if codes not in seen][:n]
        return [Proposal(codes, "ppo", uniform_probabilities(self.space, codes)) for codes in fresh]

    def _blindly(self, proposals: list[Proposal], seen: set[Codes], n: int, rng: np.random.Generator) -> list[Proposal]:
        """`proposals` with random ones behind them, as far as there are fewer than `n`."""
        seen = seen | {proposal.codes for proposal in proposals}
        drawn = draw_unseen(self.space, rng, seen, n - len(proposals)) if len(proposals) < n else []
        return proposals + [Proposal(codes, "ppo", uniform_probabilities(self.space, codes)) for codes in drawn]

    def _practise(self, practice: Practice, seed: int) -> Any:
        """Train a fresh policy in the environment of `practice`, which notes what was visited; returns the policy."""
        self._importing.join()
        import torch

        torch.set_num_threads(1)  # the policy is tiny, and the other cores train candidates
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        _PRACTICES[0] = practice
        # Seeded above: a seed of RLlib's would import torch's compiler (2 s) to forbid what no core does anyway.
        # Built anew (0.02 s) rather than reset: nothing of an earlier round may be left in it.
        with compiler_unseen():
            algorithm = build_algorithm()
            algorithm.games = SideBySide(practice, count_episodes(self.space))
            for _ in range(N_ITERATIONS):
                algorithm.training_step()  # `train` also gathers what nobody reads: a twentieth of a round
        return algorithm.policy

    def _probabilities(self, policy: Any, practice: Practice, codes: Codes) -> np.ndarray:
        """What the practised policy thinks at each place of `codes`."""
        import torch
        from ray.rllib.core.columns import Columns

        window = practice.make_env().unwrapped.window
        seen = torch.as_tensor(flat([window.observe(codes[:i]) for i in places(self.space, codes)]))
        with torch.no_grad():
            logits = policy._forward({Columns.OBS: seen})[Columns.ACTION_DIST_INPUTS]
            return torch.softmax(logits, -1).numpy()


@dataclass
class Practice:
    """The job's environment with the surrogate in place of trainings; `visited` are the networks it was asked for.

    `boldness` is how many standard deviations are added to a predicted value.
    """

    space: Space
    settings: EnvSettings
    surrogate: Surrogate
    past: tuple[Evaluation, ...]
    boldness: float

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
        networks = [self.space.vocabulary.encode(architecture) for architecture in architectures]
        self.foresee(networks)
        for codes, architecture in zip(networks, architectures, strict=True):
            yield Evaluation(architecture, self._known[codes], parameters=self.space.cost(codes).parameters)

    def foresee(self, networks: Sequence[Codes]) -> None:
        """Predict side by side what is going to be evaluated, as one product of matrices."""
        fresh = [codes for codes in dict.fromkeys(networks) if codes not in self._known]
        if fresh:
            mean, deviation = self.surrogate.predict(fresh)
            self._known |= dict(zip(fresh, (mean + self.boldness * deviation).tolist(), strict=True))


class SideBySide:
    """`n` environments of `practice`, played side by side (see :class:`nas_core.agents.policy.Games`)."""

    def __init__(self, practice: Practice, n: int) -> None:
        self.practice, self.envs = practice, [practice.make_env() for _ in range(n)]

    def reset(self) -> tuple[list[int], np.ndarray]:
        """Begin an episode in each."""
        return list(range(len(self.envs))), flat([env.reset()[0] for env in self.envs])

    def step(self, playing: Sequence[int], actions: Sequence[int]) -> tuple[list[float], list[int], np.ndarray]:
        """Take legal `actions` in those environments."""
        space, algorithm = self.practice.space, self.practice.settings.algorithm
        begun = [(*self.envs[i].codes, action) for i, action in zip(playing, actions, strict=True)]
        self.practice.foresee([network for codes in begun for network in evaluated_last(algorithm, space, codes)])
        steps = [self.envs[i].step(action) for i, action in zip(playing, actions, strict=True)]
        on = [(i, seen) for i, (seen, _, has_ended, *_) in zip(playing, steps, strict=True) if not has_ended]
        return [float(reward) for _, reward, *_ in steps], [i for i, _ in on], flat([seen for _, seen in on])


def count_episodes(space: Space) -> int:
    """How many episodes an iteration has."""
    return max(1, min(N_EPISODES, MAX_STEPS // space.max_layers))


def make_practice_env(_: Any) -> Any:
    """RLlib's way to the environment: made by name, in this process. What it sees comes as one vector, :func:`flat`:
    for each entry of a dictionary RLlib would do all that it does for one.
    """
    from gymnasium import spaces, wrappers

    env = _PRACTICES[0].make_env()
    [seen] = flat([env.observation_space.sample()])
    box = spaces.Box(-np.inf, np.inf, seen.shape, np.float32)
    return wrappers.TransformObservation(env, lambda observation: flat([observation])[0], box)


def flat(observations: Sequence[dict[str, np.ndarray]]) -> np.ndarray:
    """History, codes so far one-hot and mask of each as one vector: (observations, width)."""
    if not observations:
        return np.empty((0, 0), np.float32)
    names = "history", "architecture", "mask"
    history, codes, mask = (np.array([each[name] for each in observations]) for name in names)
    parts = history, np.eye(mask.shape[1])[codes], mask
    return np.concatenate([part.reshape(len(mask), -1) for part in parts], axis=1, dtype=np.float32)


def import_rllib() -> None:
    """Import RLlib without TensorFlow: 5 s and 500 MB less."""
    os.environ.setdefault("RLLIB_TEST_NO_TF_IMPORT", "1")
    # It would say some fifty times that TensorFlow is not imported, and in each round that the API stack is new.
    for name in ("ray.rllib.utils.framework", "ray.rllib.algorithms.algorithm_config"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import_module("gymnasium")  # it sets its own filter of warnings
    warnings.filterwarnings("ignore", ".*rllib-single-agent-env-v0 already in registry.*")
    gc.disable()  # what is imported stays: to look through it again and again takes a quarter of the time
    try:
        import_module("ray.rllib.algorithms.ppo")
    finally:
        gc.enable()


@contextmanager
def compiler_unseen() -> Iterator[None]:
    """Within, PyTorch's optimizers do not import its compiler (0.9 s), which they would only tell to keep away."""
    name = "torch._dynamo"
    if name in sys.modules:
        yield
        return
    stub: Any = SimpleNamespace(disable=lambda function, *_, **__: function, graph_break=lambda: None)
    sys.modules[name] = stub
    try:
        yield
    finally:
        del sys.modules[name]


def build_algorithm() -> Any:
    """RLlib's PPO in this process, without remote runners."""
    import_rllib()
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.rl_module.rl_module import RLModuleSpec
    from ray.tune.registry import register_env

    from nas_core.agents.policy import MaskedPolicy, PractisingPPO

    register_env("nas-practice", make_practice_env)
    env = make_practice_env(None)
    spec = RLModuleSpec(
        module_class=MaskedPolicy,
        observation_space=env.observation_space,
        action_space=env.action_space,
    )
    config = (
        PPOConfig(algo_class=PractisingPPO)
        .environment("nas-practice", disable_env_checking=True, normalize_actions=False)
        # No connectors: our own sampling makes the batch, and each one made looks through all modules that are loaded.
        .env_runners(
            num_env_runners=0,
            add_default_connectors_to_env_to_module_pipeline=False,
            add_default_connectors_to_module_to_env_pipeline=False,
        )
        .learners(num_learners=0, add_default_connectors_to_learner_pipeline=False)
        .training(
            num_epochs=4,
            lr=3e-3,
            gamma=1.0,
            lambda_=0.95,
            entropy_coeff=0.02,
            clip_param=0.2,
            vf_loss_coeff=0.5,
            use_kl_loss=False,
        )
        .rl_module(rl_module_spec=spec)
        .debugging(log_level="ERROR", log_sys_usage=False)  # its monitor would leave a thread
    )
    return config.build_algo()
