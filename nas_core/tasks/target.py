"""The target of every row: encoded, checked, and with it the part that each row belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from nas_core.data.alike import first_alike
from nas_core.data.checks import Findings, counted
from nas_core.data.clock import Clock, split_by
from nas_core.data.prepared import SPLITS
from nas_core.data.scan import TableScan
from nas_core.data.settings import DataSettings
from nas_core.data.split import LEFT_OUT, TEST, TRAIN, keep_alike_together, split_rows
from nas_core.targets.settings import TargetSettings
from nas_core.tasks.registry import load_part
from nas_core.tasks.task import Task

LEAST_ROWS = 20


@dataclass(frozen=True)
class Target:
    """Codes or numbers of a table's rows, and the part of each row; `test` is the same of a test file.

    `split` says what decided the parts: random, group or time.
    """

    spec: dict[str, Any]
    encoded: np.ndarray
    parts: np.ndarray
    split: str = "random"
    test: Target | None = None

    def n_rows(self) -> dict[str, int]:
        """Rows of each part."""
        parts = self.parts if self.test is None else np.concatenate([self.parts, self.test.parts])
        return {name: int((parts == code).sum()) for code, name in enumerate(SPLITS)}


@dataclass(frozen=True)
class TargetReader:
    """Reads the target of a job's tables as it is `wanted`.

    `seed` decides the split; `findings` receives what is wrong.
    """

    task: Task
    settings: DataSettings
    wanted: TargetSettings
    seed: int
    findings: Findings

    def read(self, scan: TableScan, test_scan: TableScan | None, clock: Clock | None = None) -> Target:
        """Encode, check and split, by `clock` where there is one.

        Raises:
            JobError: with all errors found so far.
        """
        encode, checks = self._part("encode"), self._part("checks")
        name, n_parts = self.settings.target, 2 if test_scan else 3
        column = scan.kept[name]
        spec = encode.fit(name, column)
        encoded = encode.encode(spec, column)
        known = encode.is_known(encoded)
        self._check_known(known, column)
        self.findings.raise_errors()
        checks.check(spec, encoded, self.findings)
        is_rare = checks.judge_rare(spec, encoded, n_parts, self.findings, kept=self.task.keeps_rare)
        groups = self._groups(scan, known, n_parts)
        with self.findings.collect("positive_class"):
            spec = encode.fit(name, column, self.wanted)
        self.findings.raise_errors()
        parts, split = self._split(known, encode.strata(encoded[known]), groups, clock)
        if split == "random":  # a split by group or in time has reasons that go before
            parts[is_rare] = TRAIN
        parts = self._judge_alike(parts, scan, split)
        checks.check_parts(spec, encoded, parts, self.findings)
        self.findings.raise_errors()
        spec = encode.fit(name, column.filter(pa.array(parts == TRAIN)), self.wanted)
        test = self._read_test(spec, test_scan.kept[name]) if test_scan else None
        return Target(spec, encoded, parts, split, test)

    def _part(self, name: str) -> Any:
        return load_part(self.task.name, "target", name)

    def _split(
        self, known: np.ndarray, strata: np.ndarray | None, groups: np.ndarray | None, clock: Clock | None
    ) -> tuple[np.ndarray, str]:
        """The part of each row, and what decided it."""
        shares = (self.settings.valid_fraction, 0.0 if self.settings.test_uri else self.settings.test_fraction)
        decided = split_by(clock, known, strata, shares, self.findings) if clock else None
        split = "time" if decided is not None else "random" if groups is None else "group"
        if decided is None:
            decided = split_rows(int(known.sum()), shares, self.seed, strata=strata, groups=groups)
        parts = np.full(len(known), LEFT_OUT, np.int8)
        parts[known] = decided
        return parts, split

    def _judge_alike(self, parts: np.ndarray, scan: TableScan, split: str) -> np.ndarray:
        """What becomes of rows that are equal in all columns: tested on, they would be tested on what was learned."""
        first = first_alike(scan.hashes.all())
        is_repeated = (first != np.arange(len(first))) & (parts != LEFT_OUT)
        n = int(is_repeated.sum())
        if not n:
            return parts
        message = f"{counted(n, 'row')} {scan.hashes.alike}."
        joined = keep_alike_together(parts, first) if split == "random" else None
        match self.settings.duplicates:
            case "drop":
                parts, action = np.where(is_repeated, LEFT_OUT, parts).astype(np.int8), "They are left out."
            case "together" if joined is not None:
                parts, action = joined, "Equal rows are in the same part of the split."
            case "together":
                action = "They stay where the split puts them: keeping equal rows together would spoil it."
            case _:
                action = "They are kept, as `duplicates` says."
        self.findings.warning(None, "duplicates", message, action, n_rows=n)
        return parts

    def _check_known(self, known: np.ndarray, column: pa.ChunkedArray) -> None:
        """Rows whose target is missing or unreadable are left out; too few others are an error."""
        name, n, n_unknown = self.settings.target, len(known), int((~known).sum())
        what = "no value" if column.null_count == n_unknown else "no value, or one that is no number,"
        if n - n_unknown < LEAST_ROWS and n_unknown <= n / 2:
            message = f"`dataset_uri` must have at least {LEAST_ROWS} rows with a target, but has {n - n_unknown}."
            self.findings.error(None, "rows", message, "Add rows: a network cannot learn from so few.")
        elif n_unknown > n / 2:
            message = f"`target` must have a value in at least half of the rows, but in {name!r} {n_unknown:,} of {n:,}"
            self.findings.error(name, "target", f"{message} have {what}.", "Fill it or choose another column.")
        elif n_unknown:
            message = f"{counted(n_unknown, 'row')} of {n:,} have {what} in the target {name!r}."
            self.findings.warning(name, "target", message, "They are left out.")

    def _groups(self, scan: TableScan, known: np.ndarray, n_parts: int) -> np.ndarray | None:
        """Codes of the groups of the known rows; rows without a group are a group together."""
        name = self.settings.group_column
        if not name:
            return None
        encoded = scan.kept[name].unify_dictionaries().combine_chunks()
        codes = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy()[known]
        groups, codes = np.unique(codes, return_inverse=True)
        if len(groups) < n_parts:
            message = f"`group_column` must have at least {n_parts} groups, but {name!r} has {len(groups)}."
            self.findings.error(name, "groups", message, "Use finer groups or none.")
        return codes

    def _read_test(self, spec: dict[str, Any], column: pa.ChunkedArray) -> Target:
        encode, name = self._part("encode"), self.settings.target
        encoded = encode.encode(spec, column)
        known = encode.is_known(encoded)
        n_out = int((~known).sum())
        if n_out == len(known):
            message = f"`test_uri` must have rows with a target that the dataset knows, but none of {n_out:,} rows has."
            self.findings.error(name, "test_uri", message, f"Check the column {name!r} of the test file.")
            self.findings.raise_errors()
        if n_out:
            message = f"{counted(n_out, 'row')} of the test file have no target, or one that no row of the dataset has."
            self.findings.warning(name, "test_uri", message, "They are left out.")
        return Target(spec, encoded, np.where(known, TEST, LEFT_OUT).astype(np.int8))
