"""A search while it runs: its ledger followed line by line, once for all who watch."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from nas_core.report import policy
from nas_core.report.metrics import metrics_of
from nas_core.report.words import printable
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run
from nas_core.runs.store import StoreAwayError

MOST_FOLLOWED = 24  # runs; 10,000 candidates take about 15 MB
EVERY = 0.5  # seconds between two looks at a local ledger
EVERY_ON_S3 = 5.0
LONGEST_REASON = 300  # characters

Candidate = dict[str, Any]


class Follower:
    """The candidates of one run so far, as the page draws them.

    `began` changes when the ledger began anew, so that whoever holds the first candidates of another one notices.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.began = 0
        self.candidates: list[Candidate] = []
        self.random: list[float | None] = []
        self.space: dict[str, Any] = {"metric": None, "choices": [], "rows": []}
        self.metric = ""
        self.n_failed = 0
        self.best: Candidate | None = None
        self._lock = threading.Lock()
        self._looked = -EVERY_ON_S3
        self._codes: dict[str, int] = {}
        self._grouping: policy.Grouping | None = None
        self._ledger, self._random = _Lines(run, layout.CANDIDATES), _Lines(run, layout.RANDOM_SEARCH)

    def look(self) -> None:
        """Take in what was written since the last look."""
        pause = EVERY_ON_S3 if self.run.address.startswith("s3://") else EVERY
        with self._lock:
            if time.monotonic() - self._looked < pause:
                return
            self._looked = time.monotonic()
            with suppress(StoreAwayError):
                self.run.store.pull("search", wait=False)
            if self._ledger.begins_anew():
                self.began += 1
                self.candidates, self.random, self.n_failed, self.best, self._grouping = [], [], 0, None, None
                self._random.begins_anew()
            if self._grouping is None and not self._read_space():
                return
            for line in self._ledger.new():
                self._add(line)
            self.random += [line["metrics"].get(self.metric) for line in self._random.new()]

    def _read_space(self) -> bool:
        try:
            vocabulary = read_json(self.run.path(layout.VOCABULARY))
            schema = read_json(self.run.path(layout.SCHEMA))
        except FileNotFoundError:
            return False
        self.metric = schema["metric"]
        self._grouping = policy.group_choices(vocabulary)
        self._codes = {json.dumps(choice, sort_keys=True): code for code, choice in enumerate(vocabulary)}
        choices = policy.choices(vocabulary, self._grouping)
        self.space = {
            "metric": asdict(metrics_of(schema["task"])[schema["metric"]]),
            "choices": [{"title": c.title, "kind": c.kind, "row": c.row, "units": c.units} for c in choices],
            "rows": [row.title for row in self._grouping.rows],
        }
        return True

    def _add(self, line: dict[str, Any]) -> None:
        score, reason = line["score"], line["error"]
        assert self._grouping is not None
        shares = policy.shares(line.get("probabilities"), self._grouping)
        candidate = {
            "number": line["number"],
            "agent": line["agent"],
            "codes": [self._codes.get(json.dumps(layer, sort_keys=True), -1) for layer in line["architecture"]],
            "score": score,
            "value": line["metrics"].get(self.metric) if score is not None else None,
            "parameters": line["parameters"],
            "seconds": round(sum(line["seconds"].values()), 3),
            "at": line["at"],
            "error": printable(reason)[:LONGEST_REASON] if reason else None,
            "thoughts": [round(100 * share) for share in shares] if shares else None,
        }
        self.n_failed += score is None
        if score is not None and (self.best is None or score > self.best["score"]):
            self.best = candidate
        self.candidates.append(candidate)


class _Lines:
    """The lines of a file that grows, each read once."""

    def __init__(self, run: Run, part: str) -> None:
        self._path, self._offset = run.path(part), 0

    def begins_anew(self) -> bool:
        """Whether the file is shorter than it was: it is then another one, and read from its beginning."""
        size = self._path.stat().st_size if self._path.exists() else 0
        is_other = size < self._offset
        self._offset = 0 if is_other else self._offset
        return is_other

    def new(self) -> list[dict[str, Any]]:
        """The complete lines that were added."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError:
            return []
        end = content.rfind(b"\n") + 1
        self._offset += end
        return [json.loads(line) for line in content[:end].splitlines()]


_followers: OrderedDict[str, Follower] = OrderedDict()
_followers_lock = threading.Lock()


def follow(run: Run) -> Follower:
    """What is known of the search of `run` now; the runs looked at last are kept."""
    with _followers_lock:
        follower = _followers.setdefault(run.address, Follower(run))
        _followers.move_to_end(run.address)
        while len(_followers) > MOST_FOLLOWED:
            _followers.popitem(last=False)
    follower.look()
    return follower


def forget(run: Run) -> None:
    """Drop what is known of a run that is gone."""
    with _followers_lock:
        _followers.pop(run.address, None)
