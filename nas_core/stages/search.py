"""The stage search: an agent designs networks, Ray actors train them, the ledger keeps every one."""

from __future__ import annotations

import logging
import math
import shutil
from dataclasses import asdict
from functools import partial
from typing import Any

from nas_core.agents.earlier import earlier_results
from nas_core.agents.first import BeginWith
from nas_core.agents.registry import make_agent
from nas_core.agents.settings import AgentSettings
from nas_core.data.folds import count_folds, count_judges
from nas_core.data.prepared import Prepared
from nas_core.envs.settings import EnvSettings
from nas_core.errors import JobError
from nas_core.evaluation.candidate import Recipe, weights_path
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.fidelity import (
    CANDIDATE_SHARE,
    LEAST_PROMOTED,
    Pace,
    affordable_epochs,
    default_epochs,
    default_round,
    default_share,
    pace_of,
    shrink_of,
)
from nas_core.evaluation.final_plan import count_cores
from nas_core.evaluation.ledger import Ledger
from nas_core.evaluation.pool import Pool
from nas_core.evaluation.settings import EvaluationSettings
from nas_core.job import Job
from nas_core.runs import layout
from nas_core.runs.records import append_line, read_json, write_json
from nas_core.runs.run import Run
from nas_core.search.clock import Clock, reserved_seconds
from nas_core.search.loop import Limits, Search
from nas_core.search.progress import Progress
from nas_core.search.rungs import Rung
from nas_core.search.settings import SearchSettings
from nas_core.search.spaces import backbones, first_network, make_space, second_network
from nas_core.space.architecture import Architecture
from nas_core.space.rules import Codes, Space
from nas_core.space.settings import SpaceSettings
from nas_core.training.model import ends
from nas_core.training.pace import default_learning_rate

log = logging.getLogger("nas")

NEEDS = ("prepare",)
SETTINGS = (
    EnvSettings,
    SearchSettings,
    AgentSettings,
    SpaceSettings,
    EvaluationSettings,
    "batch_size",
    "learning_rate",
    "compare_random",
)


def work(job: Job, run: Run) -> dict[str, Any]:
    """Search within the budget; with `compare_random`, as many random networks again, in a ledger of their own.

    Raises:
        JobError: no candidate could be trained.
    """
    data = Prepared(run)
    space = make_space(data, job, _final_seconds(job))
    first = first_network(space, data.schema["task"])
    pace = pace_of(space, first)
    clock, ledger = Clock(run.path(layout.CLOCK), job), Ledger(run.path(layout.CANDIDATES))
    write_json(run.path(layout.VOCABULARY), space.vocabulary.to_json())
    append_line(run.path(layout.SESSIONS), {"n_candidates": len(ledger), "seconds": round(clock.used, 2)})
    log.info("Search %s for %.0f s among networks of up to %d layers.", job.algorithm, clock.left, space.max_layers)
    recipe = _recipe(job, run, data, clock, pace)
    settings = job.priced_for(count_judges(data, recipe.n_folds))
    earlier = earlier_results(job.warm_start, run, space)
    firsts = [first, *second_network(space, data.schema["task"]), *backbones(space)]
    agent = BeginWith(firsts, make_agent(job.agent, space, settings, job.seed, earlier), space)
    limits = Limits(job.max_candidates, job.patience)
    pool = Pool(data, recipe, job)
    try:
        train = partial(train_in, pool, data, recipe)
        kept = 0.0 if _is_asked_for(job) else pace.promoted_share * (clock.budget - clock.reserved)
        search = Search(space, settings, agent, ledger, train, Progress(run, ledger, clock, limits, kept=kept))
        size = _round_size(data, recipe, space, first)
        reason = search.run(limits, pool.n_calls, size, pool.n_ahead)
        if kept:
            pool.drop_waiting()
            rung = Rung(run, ledger, clock, settings.size_penalty)
            _climb(rung, pool, min(kept, clock.left), space.vocabulary.decode(first))
        clock.save()
        if job.compare_random:
            _compare_random(job, run, search, pool)
    finally:
        pool.close()
    shutil.rmtree(run.path(layout.WEIGHTS), ignore_errors=True)  # nobody begins with them any more
    return _summary(ledger, reason, clock)


def _climb(rung: Rung, pool: Pool, seconds: float, known: Architecture) -> None:
    """Train the best again where `seconds` are enough for that; if not, they are left to the stage train."""
    if longer := rung.recipe(pool.recipe, seconds / LEAST_PROMOTED):
        rung.climb(partial(pool.train, parent=None, recipe=longer), pool.n_workers, known)
    else:
        log.info("There is no time to train the best ones longer.")


def _final_seconds(job: Job) -> float:
    """Seconds of a core for the final training of pictures; a deadline says nothing that holds when it is taken up."""
    if job.deadline or job.gpus_per_candidate:
        return math.inf
    return reserved_seconds(60 * job.budget_minutes) * count_cores()


def _recipe(job: Job, run: Run, data: Prepared, clock: Clock, pace: Pace) -> Recipe:
    """How candidates are trained in the time of `clock`; a search that is taken up goes on as it began."""
    path = run.path(layout.RECIPE)
    if path.exists():
        return Recipe(**read_json(path))
    n_rows, seconds = data.schema["n_rows"]["train"], clock.left * (1 - pace.promoted_share)
    n_folds = count_folds(data, job.folds)
    # Building a network of pictures takes as long as one of its trainings: on the first rung one fold is enough.
    n_tried = 1 if pace.of_pictures and n_folds > 1 and not _is_asked_for(job) else 0
    n_times = n_tried or max(1, n_folds - 1)
    share = job.candidate_share or default_share(n_rows, job.candidate_epochs, seconds / n_times, pace)
    epochs = default_epochs(math.ceil(share * n_rows), job.batch_size, pace)
    if pace.of_pictures:
        epochs = min(epochs, affordable_epochs(math.ceil(share * n_rows) * n_times, seconds, pace))
    recipe = Recipe(
        epochs=job.candidate_epochs or epochs,
        batch_size=job.batch_size,
        learning_rate=job.learning_rate or default_learning_rate(pace.of_pictures),
        seed=job.seed,
        inherits=job.algorithm == "layerwise",
        n_folds=n_folds,
        n_tried=n_tried,
        share=share,
        seconds=CANDIDATE_SHARE * clock.budget if pace.of_pictures and not _is_asked_for(job) else 0.0,
        shrink=1 if _is_asked_for(job) else shrink_of(ends(data.transforms).shape),
    )
    write_json(path, asdict(recipe))
    if share < 1:
        log.info(
            "Candidates learn from %.1f %% of the rows, chosen at random; the best are trained on all.", 100 * share
        )
    return recipe


def _is_asked_for(job: Job) -> bool:
    """Whether the job itself says how much a candidate is trained: then all are trained like that."""
    return bool(job.candidate_epochs or job.candidate_share)


def _round_size(data: Prepared, recipe: Recipe, space: Space, first: Codes) -> int:
    """How many networks are proposed at a time, judged by the `first` one; layer by layer each is many trainings."""
    n_rows = data.schema["n_rows"]["train"] * recipe.share * (recipe.n_tried or max(1, recipe.n_folds - 1))
    epochs = recipe.epochs * (len(first) if recipe.inherits else 1)
    return default_round(math.ceil(n_rows), epochs, space.cost(first).flops)


def train_in(pool: Pool, data: Prepared, recipe: Recipe, architecture: Architecture) -> Evaluation:
    """Train `architecture` in `pool`, beginning with the weights of its prefix when the recipe says so and has them."""
    parent = architecture.prefix(len(architecture) - 1).fingerprint if len(architecture) > 1 else None
    if not (recipe.inherits and parent and weights_path(data, parent).exists()):
        parent = None
    return pool.train(architecture, parent)


def _compare_random(job: Job, run: Run, search: Search, pool: Pool) -> None:
    """As many random networks as the search tried, trained alike, in their own ledger and time."""
    log.info("The same number of random networks, to compare with:")
    clock = Clock(run.path(layout.RANDOM_CLOCK), job)
    ledger = Ledger(run.path(layout.RANDOM_SEARCH))
    limits = Limits(len(search.ledger))
    watch = Progress(run, ledger, clock, limits, best=layout.RANDOM_BEST)
    # Another seed: the agent began with random networks too, and these should not be the same ones.
    agent = make_agent("random", search.space, search.settings, job.seed + 1)
    other = Search(search.space, search.settings, agent, ledger, search.train, watch)
    other.run(limits, pool.n_calls, ahead=pool.n_ahead)
    clock.save()


def _summary(ledger: Ledger, reason: str, clock: Clock) -> dict[str, Any]:
    best = ledger.best()
    if not best:
        raise JobError(
            f"The search found no network: {reason} after {len(ledger)} candidates. "
            "Give it more time (`budget_minutes`), or see the reasons in search/candidates.jsonl."
        )
    n_failed = sum(entry.evaluation.is_failed for entry in ledger)
    log.info("The search ends: %s. %d candidates, %d of them failed.", reason, len(ledger), n_failed)
    log.info("Best: %s, score %.4f.", best[0].evaluation.architecture, best[0].evaluation.score)
    return {
        "reason": reason,
        "n_candidates": len(ledger),
        "n_failed": n_failed,
        "best_score": best[0].evaluation.score,
        "seconds": round(clock.used, 2),
        "cost": _cost([entry.evaluation for entry in ledger]),
    }


def _cost(evaluations: list[Evaluation]) -> dict[str, Any]:
    """What the trainings cost together: seconds of the workers by part, seconds waited for a worker, peak memory."""
    parts = dict.fromkeys(part for evaluation in evaluations for part in evaluation.seconds)
    return {
        "seconds": {part: round(sum(e.seconds.get(part, 0.0) for e in evaluations), 2) for part in parts},
        "waited": round(sum(e.waited for e in evaluations), 2),
        "peak_memory": max((e.memory for e in evaluations), default=0),
    }
