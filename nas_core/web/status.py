"""How far a run is: its stages, its search, its result, and the time left."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from nas_core.data.address import last_part, shown
from nas_core.errors import JobError
from nas_core.report.metrics import metrics_of
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run, open_run
from nas_core.runs.store import StoreAwayError
from nas_core.search.clock import reserved_seconds
from nas_core.web.known import Known, TaskState, is_ours, list_known, read_known, read_tasks
from nas_core.web.ledger import Follower, follow
from nas_core.web.shared import Answer, forget, kept, shared

ENDED = frozenset({"success", "failed"})
STAGE_ENDED = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})
FOR_THE_REST = 30.0  # seconds that export and report take, more or less
FRESH = 1.0  # seconds for which one answer serves all who watch a run
FRESH_LIST = 2.0
LIST = "list"
MOST_SEARCHED = 1_000  # runs, the latest


def status_of(dag_id: str, run_id: str) -> Answer:
    """What the page shows of a run at a glance, JSON throughout; what is not known yet is None.

    404 when there is no such run. The right to look at it is proved before.
    """
    return shared(("status", dag_id, run_id), FRESH, lambda: _status(read_known(dag_id, run_id)))


def kept_status(dag_id: str, run_id: str) -> Answer | None:
    """As :func:`status_of`, if somebody asked a moment ago."""
    return kept(("status", dag_id, run_id), FRESH)


def cards_of(dags: set[str], words: list[str], offset: int, limit: int) -> Answer:
    """A page of the list of runs of `dags`, the latest first: those that say all of `words`."""
    key = ("cards", LIST, *sorted(dags), *words, str(offset), str(limit))
    return shared(key, FRESH_LIST, lambda: _cards(dags, words, offset, limit))


def _cards(dags: set[str], words: list[str], offset: int, limit: int) -> dict[str, Any]:
    if not words:
        known, total = list_known(dags, offset, limit)
        return {"total": total, "runs": [card_of(each) for each in known]}
    known, _ = list_known(dags, 0, MOST_SEARCHED)
    found = [card for card in map(card_of, known) if _says(card, words)]
    return {"total": len(found), "runs": found[offset : offset + limit]}


def _says(card: dict[str, Any], words: list[str]) -> bool:
    text = " ".join(str(card[key] or "") for key in ("name", "dataset", "target", "user", "state", "run_id")).lower()
    return all(word in text for word in words)


def card_of(known: Known) -> dict[str, Any]:
    """A line of the list of runs. That of a run that has ended changes no more."""
    seconds = 3600.0 if known.state in ENDED else 2.0
    key = ("card", known.dag_id, known.run_id, known.state, str(known.ended), str(known.address))
    card: dict[str, Any] = shared(key, seconds, lambda: _card(known)).value
    return card


def _card(known: Known) -> dict[str, Any]:
    run = _folder(known)
    job = _job(known, run)
    schema, metrics = _read(run, layout.SCHEMA), _read(run, layout.METRICS)
    figure = metrics["test"].get(schema["metric"]) if metrics and schema else None
    search = _read(run, f"search/{layout.REPORT}") if _is_done(run, "search") else None
    searched = search["metrics"] if search else {}
    return {
        "dag_id": known.dag_id,
        "run_id": known.run_id,
        "state": known.state,
        "user": known.user,
        "queued": _iso(known.queued),
        "started": _iso(known.started),
        "ended": _iso(known.ended),
        "name": job.get("name") or "network",
        "dataset": last_part(job["dataset_uri"]) if job.get("dataset_uri") else None,
        "target": job.get("target"),
        "budget_minutes": job.get("budget_minutes"),
        "task": schema["task"] if schema else None,
        "metric": _metric(schema),
        "value": figure,
        "n_rows": sum(schema["n_rows"].values()) if schema else None,
        "n_candidates": _count(run, searched),
        "search_seconds": searched.get("seconds"),
    }


def _status(known: Known) -> dict[str, Any]:
    run = _folder(known)
    job = _job(known, run)
    tasks = {task.name: task for task in read_tasks(known)}
    stages = [_stage(name, tasks.get(name)) for name in layout.STAGES]
    schema = _read(run, layout.SCHEMA)
    follower = follow(run) if run else None
    search = _search(run, job, follower, tasks.get("search")) if run and follower else None
    return {
        **_card(known),
        "job": {name: shown(value) if isinstance(value, str) else value for name, value in job.items()},
        "stages": stages,
        "n_rows": schema["n_rows"] if schema else None,
        "checks": _read(run, layout.CHECKS) or [],
        "search": search,
        "seconds_left": _seconds_left(known, stages, search),
        "has_report": bool(run and run.path(layout.FACTS).exists()),
        "is_stopped": bool(run and run.path(layout.STOP).exists()),
    }


def _stage(name: str, task: TaskState | None) -> dict[str, Any]:
    if task is None:
        return {"name": name, "state": None, "n_try": 0, "started": None, "ended": None, "seconds": None}
    state = str(getattr(task.state, "value", task.state)) if task.state else None
    begun = task.started if state in {"running", *STAGE_ENDED} else None
    end = task.ended if state in STAGE_ENDED else datetime.now(UTC)
    seconds = (end - begun).total_seconds() if begun and end else None
    return {
        "name": name,
        "state": state,
        "n_try": task.n_try,
        "started": _iso(begun),
        "ended": _iso(task.ended) if state in STAGE_ENDED else None,
        "seconds": seconds,
    }


def _search(run: Run, job: dict[str, Any], follower: Follower, task: TaskState | None) -> dict[str, Any]:
    n, best, clock = len(follower.candidates), follower.best, _read(run, layout.CLOCK)
    is_running = task is not None and str(getattr(task.state, "value", task.state)) == "running"
    used = float(clock["seconds"]) if clock else 0.0
    if is_running and task and task.started:  # the clock is written down every few seconds only
        written = run.path(layout.CLOCK).stat().st_mtime if clock else task.started.timestamp()
        used += max(0.0, time.time() - written)
    budget = float(clock["budget"]) if clock and "budget" in clock else 60.0 * float(job.get("budget_minutes") or 0)
    reserved = clock["reserved"] if clock and "reserved" in clock else reserved_seconds(budget)
    searching = max(0.0, budget - reserved)
    most = int(job.get("max_candidates") or 0)
    expected = n if not is_running else min(most, round(n * searching / used)) if n and used else None
    return {
        "n_candidates": n,
        "n_failed": follower.n_failed,
        "n_expected": max(n, expected) if expected is not None else None,
        "began": follower.began,
        "best": best,
        "random_best": _best(follower),
        "seconds_used": round(used, 1),
        "seconds_search": round(searching, 1),
        "seconds_budget": round(budget, 1),
    }


def _best(follower: Follower) -> float | None:
    metric = follower.space["metric"]
    known = [value for value in follower.random if value is not None]
    if not known or metric is None:
        return None
    return max(known) if metric["higher_is_better"] else min(known)


def _seconds_left(known: Known, stages: list[dict[str, Any]], search: dict[str, Any] | None) -> float | None:
    """Seconds to the report, more or less: the budget is kept, the stages behind it are short."""
    at = {stage["name"]: stage for stage in stages}
    if known.state in ENDED or search is None or at["search"]["seconds"] is None:
        return None
    if at["export"]["seconds"] is not None:
        behind = at["export"]["seconds"] + (at["report"]["seconds"] or 0.0)
        return max(2.0, FOR_THE_REST - float(behind))
    train = at["train"]["seconds"] or 0.0
    used = search["seconds_used"] if at["search"]["state"] == "running" else at["search"]["seconds"]
    return max(0.0, float(search["seconds_budget"] - used - train)) + FOR_THE_REST


def _folder(known: Known) -> Run | None:
    return open_run(known.address) if known.address and is_ours(known.address) else None


def _job(known: Known, run: Run | None) -> dict[str, Any]:
    if run:
        with suppress(JobError):  # it was removed, or its store is away
            return run.read_job()
    return known.conf


def _read(run: Run | None, part: str) -> Any:
    if run is None:
        return None
    with suppress(StoreAwayError):
        run.store.pull(part, wait=False)
    path = run.path(part)
    return read_json(path) if path.exists() else None


def _count(run: Run | None, searched: dict[str, Any]) -> int:
    """Candidates of the search; only those of one that goes on are counted in its ledger."""
    if "n_candidates" in searched or run is None:
        return int(searched.get("n_candidates", 0))
    return len(follow(run).candidates)


def _is_done(run: Run | None, stage: str) -> bool:
    return _read(run, f"{stage}/{layout.DONE}") is not None


def _metric(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    metric = metrics_of(schema["task"])[schema["metric"]]
    return {"name": metric.name, "title": metric.title, "higher_is_better": metric.higher_is_better}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def forget_status(known: Known) -> None:
    """Drop what is known of a run that has changed."""
    forget(known.dag_id, known.run_id)
    forget(LIST)
