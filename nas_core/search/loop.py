"""The loop of a search: propose, play in the environment, record, stop.

The agent proposes a round of networks; each is played in the job's environment, as many side by side as there are
workers. What an environment has evaluated is a line of the ledger before anybody learns of it.

The next round is proposed when the last but a few networks of one have been played, and the agent knows all results but
theirs: a proposal never depends on which worker was faster. A search that was killed goes on with the rounds in which
it was: what they have measured already is in the ledger and is not trained again. With many workers that would let most
of them wait for the slowest: there a new round is proposed as soon as some are free, knowing what is still under way,
and early enough that nobody waits for the agent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from nas_core.agents.agent import Agent, Proposal
from nas_core.envs.registry import ENVS, evaluated
from nas_core.envs.reward import value
from nas_core.envs.settings import EnvSettings
from nas_core.errors import JobError
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.ledger import Entry, Ledger
from nas_core.search.rounds import Rounds
from nas_core.space.architecture import Architecture
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import STOP

ROUND_SIZE = 4  # networks in a round; to be as many ahead is few
MAX_FAILURES = 10  # in a row
EXHAUSTED = "every network of the space has been tried"


class Watch(Protocol):
    """What a search asks and tells while it runs."""

    def used(self) -> float:
        """Seconds of search so far."""

    def reason_to_stop(self) -> str | None:
        """Why the search must end now (time, a person's wish), or None."""

    def recorded(self, entry: Entry, number: int) -> None:
        """An entry has been written into the ledger."""


@dataclass(frozen=True)
class Limits:
    """When a search ends by itself: after `max_candidates`, or after `patience` (0: never) without a better one."""

    max_candidates: int
    patience: int = 0


class Owner(NamedTuple):
    """The proposal that a measured network belongs to."""

    proposal: Proposal
    round: int
    slot: int


class Search:
    """One search over `space`. `train(architecture)` measures a candidate; it is called from `n_workers` threads."""

    def __init__(
        self,
        space: Space,
        settings: EnvSettings,
        agent: Agent,
        ledger: Ledger,
        train: Callable[[Architecture], Evaluation],
        watch: Watch,
    ) -> None:
        self.space, self.settings, self.agent, self.ledger = space, settings, agent, ledger
        self.train, self.watch = train, watch
        self.rounds = Rounds(ledger.path.with_name(f"{ledger.path.stem}-rounds.jsonl"))
        self._pending: dict[Architecture, Future[Evaluation]] = {}
        # Of networks that several proposals begin with the first one: not the one whose turn came first.
        self._owners: dict[Codes, Owner] = {}
        self._lock = threading.Lock()
        self._ended: str | None = None

    def run(self, limits: Limits, n_workers: int, round_size: int = ROUND_SIZE, ahead: int = 0) -> str:
        """Search until something ends it; returns the reason. Trainings that are under way then are not waited for.

        `n_workers` networks are played side by side. When the agent proposes others, `ahead` of them are left: as many
        as keep all that train busy, or 0 if they are to wait for it. A round has `round_size` networks, or as many as
        are played side by side.

        Raises:
            JobError: many candidates in a row failed.
        """
        self.limits = limits
        threads = ThreadPoolExecutor(n_workers, "play")
        try:
            if ahead > ROUND_SIZE:
                return self._run_flowing(threads, ahead)
            return self._run_rounds(threads, max(round_size, n_workers), ahead)
        finally:
            self._ended = self._ended or "an error"
            threads.shutdown(wait=False, cancel_futures=True)

    def _run_rounds(self, threads: ThreadPoolExecutor, n: int, ahead: int) -> str:
        """One round after the other, each proposed while the last `ahead` networks of the one before are played."""
        round_ = max(0, self.ledger.last_round - bool(ahead))
        known, games = self._before(round_), dict[Future[None], Codes]()
        while not (reason := self._reason()):
            begun = self._begin(threads, n, round_, known, tuple(games.values()))
            if not begun and not games:
                return EXHAUSTED
            n_awaited = max(0, len(begun) - ahead)
            self._await([*games, *list(begun)[:n_awaited]])
            known, games = self._before(round_, n_awaited), dict(list(begun.items())[n_awaited:])
            round_ += 1
        return reason

    def _run_flowing(self, threads: ThreadPoolExecutor, n_played: int) -> str:
        """Keep `n_played` networks played, and so many in waiting as are finished while the agent thinks."""
        round_, n_waiting = self.ledger.last_round + 1, 2 * ROUND_SIZE
        games: dict[Future[None], Codes] = {}
        while True:
            reason = self._reason()
            if reason:
                return reason
            games = {game: codes for game, codes in games.items() if not _is_over(game)}
            room = n_played + n_waiting - len(games)
            if room < ROUND_SIZE:
                wait(games, timeout=0.5, return_when=FIRST_COMPLETED)
                continue
            begun = self._begin(threads, room, round_, self._before(round_), tuple(games.values()))
            if not begun and not games:
                return EXHAUSTED
            if not begun:
                wait(games, timeout=0.5)
            n_waiting = min(n_played, 2 * ROUND_SIZE + sum(game.done() for game in games))
            games |= begun
            round_ += 1

    def _begin(
        self, threads: ThreadPoolExecutor, n: int, round_: int, known: Sequence[Entry], pending: Sequence[Codes]
    ) -> dict[Future[None], Codes]:
        """Have `n` networks proposed and begin to play them; none when the agent knows no more."""
        past = [entry.evaluation for entry in known[-self.settings.history :]]
        proposals = self.rounds.get(round_)
        if proposals is None:
            proposals = self.agent.propose(known, n, round_, pending)
            self.rounds.add(round_, proposals)
        for slot, proposal in enumerate(proposals):
            for codes in evaluated(self.settings.algorithm, self.space, proposal.codes):
                self._owners.setdefault(codes, Owner(proposal, round_, slot))
        return {threads.submit(self._play, proposal, past): proposal.codes for proposal in proposals}

    def _before(self, round_: int, slot: int = 0) -> list[Entry]:
        with self._lock:
            return self.ledger.before(round_, slot)

    def _await(self, games: list[Future[None]]) -> None:
        """Wait for `games`, but no longer than the search may take."""
        waiting = set(games)
        while waiting and not self._reason():
            finished, waiting = wait(waiting, timeout=0.5)
            for game in finished:
                game.result()

    def _reason(self) -> str | None:
        """Why the search is at its end, or None; once it is, it stays so."""
        with self._lock:
            self._ended = self._ended or self.watch.reason_to_stop() or self._exhausted()
            return self._ended

    def _exhausted(self) -> str | None:
        n, since = len(self.ledger), self.ledger.since_best
        if n >= self.limits.max_candidates:
            return f"{n} candidates have been tried"
        if self.limits.patience and since >= self.limits.patience:
            return f"{since} candidates in a row were no better than the best"
        return None

    def _play(self, proposal: Proposal, past: Sequence[Evaluation]) -> None:
        """Play `proposal` in the environment, which remembers `past`, choice by choice."""

        def evaluate(architectures: Sequence[Architecture]) -> Iterator[Evaluation]:
            for architecture in architectures:
                yield self._measure(architecture)

        env = ENVS[self.settings.algorithm](
            self.space, evaluate, history=self.settings.history, size_penalty=self.settings.size_penalty, past=past
        )
        env.reset()
        for code in (*proposal.codes, STOP):
            try:
                _, _, ended, _, _ = env.step(code)
            except SearchEnded:
                return
            if ended:
                return

    def _measure(self, architecture: Architecture) -> Evaluation:
        """The evaluation of `architecture`: from the ledger, from a neighbour that is at it, or by training it."""
        with self._lock:
            entry = self.ledger.get(architecture)
            if entry:
                return entry.evaluation
            pending = self._pending.get(architecture)
            mine = pending is None
            if pending is None:
                pending = self._pending[architecture] = Future()
        if not mine:
            return pending.result()
        try:
            evaluation = self._train(architecture)
        except BaseException as error:
            pending.set_exception(error)
            raise
        pending.set_result(evaluation)
        return evaluation

    def _train(self, architecture: Architecture) -> Evaluation:
        if self._reason():
            raise SearchEnded
        codes = self.space.vocabulary.encode(architecture)
        evaluation, owner = replace(self.train(architecture), flops=self.space.cost(codes).flops), self._owners[codes]
        with self._lock:
            # What comes in after the end was perhaps cut off by it: it is not a result.
            if self._ended:
                raise SearchEnded
            entry = Entry(
                evaluation=evaluation,
                round=owner.round,
                slot=owner.slot,
                agent=owner.proposal.agent,
                reward=value(evaluation, self.settings.size_penalty),
                at=round(self.watch.used(), 2),
                probabilities=owner.proposal.probabilities[: len(architecture) + 1].round(4).tolist(),
            )
            self.watch.recorded(entry, self.ledger.add(entry))
            self._check_failures(evaluation)
            # Under the lock, so that the limit on candidates is kept to the line.
            self._ended = self._exhausted()
        return evaluation

    def _check_failures(self, last: Evaluation) -> None:
        if self.ledger.failed_in_row >= MAX_FAILURES:
            raise JobError(
                f"{MAX_FAILURES} candidates in a row could not be trained; the last one: {last.error}. "
                "See the reasons in search/candidates.jsonl."
            )


class SearchEnded(Exception):  # noqa: N818 (it is not an error)
    """The search is at its end; what is under way is dropped."""


def _is_over(game: Future[None]) -> bool:
    """Whether `game` has been played; what went wrong in it is raised."""
    if game.done():
        game.result()
    return game.done()
