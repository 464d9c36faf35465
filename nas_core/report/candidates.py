"""The search as the ledger tells it, candidate by candidate."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nas_core.report import outcome, policy, words
from nas_core.runs import layout
from nas_core.runs.records import read_json, read_lines
from nas_core.runs.run import Run
from nas_core.space.architecture import Architecture
from nas_core.training.summary import describe_model


@dataclass(frozen=True)
class LongerFacts:
    """What a longer training of a candidate gave, on the second rung: `value` in the job's metric (None: it failed),
    after `epochs` with a `share` of the training rows in each of `n_folds`, in `seconds`.
    """

    value: float | None
    epochs: int
    share: float
    n_folds: int
    seconds: float


@dataclass(frozen=True)
class CandidateFacts:
    """One line of the ledger.

    `title` is the architecture in words, `codes` its choices by their place in the vocabulary, `value` the figure in
    the job's metric, `seconds` the whole cost, `is_best` whether it was the best when it was written, `is_on_front` if
    no other network of the whole search is both better and smaller. `thoughts` is how likely, in per cent, the agent
    was to choose each of the search's rows at each place, `policy` the mean over the places, `certainty` that of its
    favourites (empty and None when the line holds no probabilities). `longer` is there for those that were worth it.
    """

    number: int
    round: int
    agent: str
    fingerprint: str
    title: str
    architecture: tuple[dict[str, Any], ...]
    codes: tuple[int, ...]
    score: float | None
    value: float | None
    reward: float | None
    metrics: dict[str, float | None]
    parameters: int
    flops: int
    epochs: int
    share: float
    seconds: float
    error: str | None
    at: float
    is_best: bool
    is_on_front: bool
    thoughts: tuple[tuple[int, ...], ...]
    policy: tuple[float, ...] | None
    certainty: float | None
    longer: LongerFacts | None


@dataclass(frozen=True)
class SearchFacts:
    """The ledger in its order, with the rows into which the choices are gathered. `seconds`: over all resumes.

    `choices` is the vocabulary; `random` holds the figures of a random search's networks in their order (None: failed),
    where the job compared with one. `resumes`: after how many candidates a killed search was taken up again.
    """

    n_candidates: int
    n_failed: int
    n_distinct: int
    seconds: float
    rows: tuple[policy.RowFacts, ...]
    kinds: tuple[str, ...]
    choices: tuple[policy.ChoiceFacts, ...]
    candidates: tuple[CandidateFacts, ...]
    random: tuple[float | None, ...]
    resumes: tuple[int, ...]


def read_search(run: Run, metric: str) -> SearchFacts:
    """The ledger as it is now, judged by `metric`; the search may still be running."""
    vocabulary = read_json(run.path(layout.VOCABULARY))
    grouping = policy.group_choices(vocabulary)
    codes = {json.dumps(choice, sort_keys=True): code for code, choice in enumerate(vocabulary)}
    lines = list(read_lines(run.path(layout.CANDIDATES)))
    transforms = read_json(run.path(layout.TRANSFORMS))
    candidates = tuple(_candidates(lines, grouping, metric, codes, transforms, _longer(run, metric)))
    clock = run.path(layout.CLOCK)
    return SearchFacts(
        n_candidates=len(candidates),
        n_failed=sum(candidate.score is None for candidate in candidates),
        n_distinct=len({candidate.fingerprint for candidate in candidates}),
        seconds=read_json(clock)["seconds"] if clock.exists() else max((c.at for c in candidates), default=0.0),
        rows=grouping.rows,
        kinds=tuple(dict.fromkeys(str(choice["layer"]) for choice in vocabulary)),
        choices=policy.choices(vocabulary, grouping),
        candidates=candidates,
        random=tuple(line["metrics"].get(metric) for line in read_lines(run.path(layout.RANDOM_SEARCH))),
        resumes=tuple(line["n_candidates"] for line in read_lines(run.path(layout.SESSIONS)))[1:],
    )


def _candidates(
    lines: list[dict[str, Any]],
    grouping: policy.Grouping,
    metric: str,
    codes: Mapping[str, int],
    transforms: dict[str, Any],
    longer: Mapping[str, LongerFacts],
) -> Iterable[CandidateFacts]:
    best, front = -math.inf, outcome.front([(line["parameters"], line["score"]) for line in lines])
    for place, line in enumerate(lines):
        score = line["score"]
        is_best = score is not None and score > best
        best = score if is_best else best
        yield CandidateFacts(
            number=line["number"],
            round=line["round"],
            agent=line["agent"],
            fingerprint=line["fingerprint"],
            title=" › ".join(map(words.layer, line["architecture"])),
            architecture=tuple(line["architecture"]),
            codes=tuple(codes.get(json.dumps(layer, sort_keys=True), -1) for layer in line["architecture"]),
            score=score,
            value=line["metrics"].get(metric) if score is not None else None,
            reward=line.get("reward"),
            metrics=line["metrics"],
            parameters=line["parameters"],
            flops=line["flops"] or _flops(line["architecture"], transforms),
            epochs=line["epochs"],
            share=line["share"],
            seconds=round(sum(line["seconds"].values()), 3),
            error=line["error"],
            at=line["at"],
            is_best=is_best,
            is_on_front=place in front,
            thoughts=policy.thoughts(line.get("probabilities"), grouping),
            policy=policy.shares(line.get("probabilities"), grouping),
            certainty=policy.certainty(line.get("probabilities"), grouping),
            longer=longer.get(line["fingerprint"]),
        )


def _longer(run: Run, metric: str) -> dict[str, LongerFacts]:
    """What the second rung gave, by fingerprint; nothing where there is none."""
    return {
        line["fingerprint"]: LongerFacts(
            value=line["metrics"].get(metric) if line["score"] is not None else None,
            epochs=line["epochs"],
            share=line["share"],
            n_folds=line.get("n_folds", 1),
            seconds=round(sum(line["seconds"].values()), 3),
        )
        for line in read_lines(run.path(layout.PROMOTED))
    }


def _flops(architecture: list[dict[str, Any]], transforms: dict[str, Any]) -> int:
    """Operations for one row, where the ledger does not tell them."""
    return int(describe_model(Architecture.from_json(architecture), transforms)["flops"])
