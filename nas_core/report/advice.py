"""The sentences of a summary: the one to read first, and what to watch out for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nas_core.report.metrics import MetricFacts
from nas_core.report.outcome import VerdictFacts
from nas_core.report.words import count, number, percent

FEW_TEST_ROWS = 200
FEW_TRAINING_ROWS = 2_000
FEW_CANDIDATES = 40
MANY_FAILED = 0.25


def headline(metric: MetricFacts, value: float | None, verdicts: Iterable[VerdictFacts]) -> str:
    """One sentence: what the network reaches, and whether a simple model would have done."""
    reached = f"The network reaches {metric.inside} {number(value)} on rows that it has never seen"
    named = _by_outcome(verdicts)
    if named["worse"]:
        return f"{reached}; it does not beat {_list(named['worse'])}."
    if named["equal"]:
        return f"{reached}; it is no better than {_list(named['equal'])}."
    return f"{reached} and beats {_list(named['better'])}." if named["better"] else f"{reached}."


def _by_outcome(verdicts: Iterable[VerdictFacts]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {"worse": [], "equal": [], "better": []}
    for verdict in verdicts:
        named[verdict.outcome].append(verdict.title)
    return named


def _list(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def notes(
    checks: Iterable[Mapping[str, Any]],
    n_rows: Mapping[str, int],
    n_candidates: int,
    n_failed: int,
    verdicts: Iterable[VerdictFacts],
) -> tuple[str, ...]:
    """What a reader should know before trusting the result, the weightiest first."""
    return tuple([*_of_result(n_rows, verdicts), *_of_search(n_candidates, n_failed), *_of_data(checks)])


def _of_result(n_rows: Mapping[str, int], verdicts: Iterable[VerdictFacts]) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.outcome != "better" and verdict.rival == "linear":
            yield "A linear model does as well here and is simpler: prefer it, or give the search more time or data."
        elif verdict.outcome != "better" and verdict.rival != "random":
            yield "The network has learnt nothing that helps: the columns may say nothing about the target."
        elif verdict.outcome == "worse":
            yield "Random search found a better network with the same number of trials: the agent did not pay here."
    n_test = n_rows.get("test", 0)
    if n_test < FEW_TEST_ROWS:
        yield f"The figures rest on {count(n_test, 'test row')} only; small differences may be chance."


def _of_search(n_candidates: int, n_failed: int) -> Iterator[str]:
    if n_candidates and n_failed / n_candidates > MANY_FAILED:
        share = percent(n_failed / n_candidates)
        yield f"{share} of the networks failed; the sheet Candidates says why."


def _of_data(checks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    order = {"error": 0, "warning": 1}
    found = [check for check in checks if check["severity"] in order]
    for check in sorted(found, key=lambda check: order[check["severity"]]):
        column = check.get("column")
        place = f"{column}: " if column and str(column) not in check["message"] else ""
        yield place + " ".join(str(check[part]) for part in ("message", "action") if check.get(part))


def next_steps(verdicts: Iterable[VerdictFacts], records: Sequence[bool], n_rows: Mapping[str, int]) -> tuple[str, ...]:
    """What a person may do now. `records`: of each candidate, whether it was the best when it came."""
    steps = []
    is_simple_enough = any(v.outcome != "better" and v.rival != "random" for v in verdicts)
    if is_simple_enough:
        steps.append("Use the simpler model until more rows or better columns are there.")
    if len(records) < FEW_CANDIDATES:
        steps.append(
            f"The search had time for {count(len(records), 'network')} only: give it a larger `budget_minutes`."
        )
    elif any(records[-len(records) // 4 :]):
        steps.append("The search was still finding better networks: give it a larger `budget_minutes`.")
    elif not is_simple_enough:
        steps.append("The search had stopped finding better networks: more time will hardly help, more data may.")
    if n_rows.get("train", 0) < FEW_TRAINING_ROWS:
        steps.append("Collect more rows: with so few, every figure moves with chance.")
    steps.append(
        "Try the network on rows of your own (`nas predict RUN rows.csv`); export/ holds it for phones and servers."
    )
    return tuple(steps)
