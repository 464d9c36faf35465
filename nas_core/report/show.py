"""What a run holds and how good its model is, at any moment of its life: for a terminal and for programs."""

from __future__ import annotations

from typing import Any

from nas_core.report import words
from nas_core.report.metrics import metrics_of
from nas_core.report.outcome import rival_title
from nas_core.runs import layout
from nas_core.runs.records import read_json, read_lines
from nas_core.runs.run import Run


def summary(run: Run) -> dict[str, Any]:
    """A run in a few figures, JSON throughout; what no stage has found out yet is None (or empty).

    Keys: `address`, `name`, `dataset`, `target`, `task`, `metric`, `stages` (done by name), `test` and `valid` (figures
    by metric), `baselines`, `random`, `n_candidates`, `n_failed`, `best_score`, `seconds` (`total` and by stage that is
    done), `winner` (`fingerprint`, `parameters`, `layers` in words, `others`: what the model is the mean of beside it),
    `files` (bytes by path, of `export` and `report`).

    Raises:
        JobError: there is no run at this address.
    """
    job = run.read_job()
    schema = _read(run, layout.SCHEMA) or {}
    metrics = _read(run, layout.METRICS) or {}
    reports = {name: _read(run, f"{name}/{layout.REPORT}") for name in layout.STAGES}
    done = {name: _exists(run, f"{name}/{layout.DONE}") for name in layout.STAGES}
    return {
        "address": run.address,
        "name": job["name"],
        "dataset": words.last_part(job["dataset_uri"]),
        "target": job["target"],
        "task": schema.get("task"),
        "metric": schema.get("metric"),
        "stages": done,
        "test": metrics.get("test"),
        "valid": metrics.get("valid"),
        "baselines": metrics.get("baselines"),
        "random": metrics.get("random"),
        **_ledger(run),
        "seconds": _seconds({name: report for name, report in reports.items() if report and done[name]}),
        "winner": _winner(_read(run, layout.ARCHITECTURE), metrics.get("others", [])),
        "files": _files({name: reports[name] for name in ("export", "report") if reports[name] and done[name]}),
    }


def _exists(run: Run, part: str) -> bool:
    run.store.pull(part)
    return run.path(part).exists()


def _read(run: Run, part: str) -> Any:
    return read_json(run.path(part)) if _exists(run, part) else None


def _ledger(run: Run) -> dict[str, Any]:
    run.store.pull(layout.CANDIDATES)
    scores = [line["score"] for line in read_lines(run.path(layout.CANDIDATES))]
    measured = [score for score in scores if score is not None]
    return {
        "n_candidates": len(scores),
        "n_failed": len(scores) - len(measured),
        "best_score": max(measured, default=None),
    }


def _seconds(reports: dict[str, Any]) -> dict[str, float]:
    each = {name: report["seconds"] for name, report in reports.items()}
    return {"total": round(sum(each.values()), 3), **each}


def _winner(architecture: dict[str, Any] | None, others: list[str]) -> dict[str, Any] | None:
    if architecture is None:
        return None
    layers = [words.layer({"layer": layer["layer"], **layer["params"]}) for layer in architecture["layers"]]
    return {
        "fingerprint": architecture["fingerprint"],
        "parameters": architecture["parameters"],
        "layers": layers,
        "others": others,
    }


def _files(reports: dict[str, Any]) -> dict[str, int]:
    return {
        f"{name}/{path}": about["bytes"] for name, report in reports.items() for path, about in report["files"].items()
    }


def text(summary: dict[str, Any]) -> str:
    """The summary as lines for a terminal; what comes from the data is stripped of control characters."""
    parts = [_head(summary), _stages(summary), _figures(summary), _network(summary), _results(summary)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(summary: dict[str, Any]) -> list[str]:
    task = f"  ({summary['task']})" if summary["task"] else ""
    asked = words.printable(f"{summary['target']} from {summary['dataset']}")
    return [f"{summary['name']}: {asked}{task}", summary["address"]]


def _stages(summary: dict[str, Any]) -> list[str]:
    seconds = summary["seconds"]
    lines = [
        f"  {'✓' if is_done else '·'} {name:<8} {words.duration(seconds[name]) if name in seconds else 'not done':>12}"
        for name, is_done in summary["stages"].items()
    ]
    return ["Stages", *lines, f"    {'in all':<8} {words.duration(seconds['total']):>12}"]


def _figures(summary: dict[str, Any]) -> list[str]:
    if not summary["test"]:
        return []
    metrics = metrics_of(summary["task"])
    columns = {"the network": summary["test"]}
    columns |= {rival_title(name): figures for name, figures in summary["baselines"].items()}
    if summary["random"]:
        columns[rival_title("random")] = summary["random"]["test"]
    names = sorted(summary["test"], key=lambda name: name != summary["metric"])
    titles = [metrics[name].title if name in metrics else name for name in names]
    rows = [("", titles), *((title, [words.number(fig.get(name)) for name in names]) for title, fig in columns.items())]
    width = max(len(title) for title, _ in rows)
    widths = [max(len(cells[i]) for _, cells in rows) + 3 for i in range(len(names))]
    lines = [
        f"  {title:<{width}}" + "".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))
        for title, cells in rows
    ]
    return ["On the test rows", *lines]


def _network(summary: dict[str, Any]) -> list[str]:
    n, n_failed = summary["n_candidates"], summary["n_failed"]
    tried = [f"{words.count(n, 'network')} tried, {n_failed:,} of them failed"] if n else []
    winner = summary["winner"]
    if winner is None:
        return tried
    size, layers = words.count(winner["parameters"], "parameter"), [f"    {layer}" for layer in winner["layers"]]
    others = [f"  and, of which the model is the mean too: {other}" for other in winner["others"]]
    return [f"The winner of {', '.join(tried)}", f"  {size}", *layers, *others]


def _results(summary: dict[str, Any]) -> list[str]:
    files = summary["files"]
    return ["Files", *(f"  {path:<32} {words.size(n_bytes):>10}" for path, n_bytes in files.items())] if files else []
