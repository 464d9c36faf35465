"""What type each column has and what role it plays, with the reason when it is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyarrow import types

from nas_core.data.cells import ISO, is_nested, is_picture
from nas_core.data.checks import Findings
from nas_core.data.column_scan import ColumnScan

MOST = 0.95  # share of a column's values that must fit a type; the others count as missing
FEATURE_TYPES = ("numeric", "categorical", "boolean", "date")
IMAGE = "image"  # the type of a column of pictures; beside one, no other is a feature
FEW = 20  # as many different words are categories in any table


@dataclass(frozen=True)
class Column:
    """A column of the schema.

    `form` says how its dates are written, `reason` why it is set aside, `missing` which numbers stand for none.
    """

    name: str
    type: str
    role: str = "feature"
    reason: str | None = None
    form: str | None = None
    missing: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """An entry of ``schema.json``; `form` only for dates, `missing` only where there are such codes."""
        entry = {"name": self.name, "type": self.type, "role": self.role, "reason": self.reason}
        more = {"form": self.form, "missing": list(self.missing)}
        return entry | {key: value for key, value in more.items() if value}


def aside(name: str, kind: str, reason: str) -> Column:
    """A column that the network does not see."""
    return Column(name, kind, "set aside", reason)


def infer(scan: ColumnScan, *, show_values: bool = True) -> Column:
    """Tell a feature's type from all its values, and set it aside when nothing can be learned from it."""
    if is_nested(scan.kind):
        reason = f"it holds {scan.kind} values, which a table's network cannot read"
        return Column(scan.name, IMAGE) if is_picture(scan.kind) else aside(scan.name, "ignore", reason)
    if not scan.n_values:
        return aside(scan.name, "ignore", "it holds no values")
    kind, form = basic_type(scan)
    if scan.counts.n_distinct == 1 and not scan.n_missing:
        value = f", {scan.counts.values[0].as_py()!r}" if show_values else ""
        return aside(scan.name, kind, f"it holds one value only{value}")
    if kind == "numeric" and _is_numbering(scan):
        return aside(scan.name, "id", "it numbers the rows")
    if kind == "categorical":
        return _judge_words(scan)
    return Column(scan.name, kind, form=form)


def basic_type(scan: ColumnScan) -> tuple[str, str | None]:
    """numeric, boolean, date or categorical, with the form of the dates: what the values are, whatever their use."""
    if types.is_boolean(scan.kind):
        return "boolean", None
    if types.is_temporal(scan.kind):
        return "date", ISO
    n = max(scan.n_values, 1)
    form, n_dates = max(scan.n_dates.items(), key=lambda item: item[1])
    if scan.numbers.n >= MOST * n:
        return "numeric", None
    if scan.n_booleans == n:
        return "boolean", None
    return ("date", form) if n_dates >= MOST * n else ("categorical", None)


def _is_numbering(scan: ColumnScan) -> bool:
    """Whether whole numbers, all different, name the rows: nearly without gaps, or in a column called so."""
    numbers, n = scan.numbers, scan.numbers.n
    if not numbers.is_integer or n < FEW or scan.n_missing:
        return False
    if not (numbers.is_increasing or (scan.counts.distinct_share == 1)):
        return False
    lowered = scan.name.lower()
    is_called_so = lowered in ("id", "index", "row", "nr", "no") or lowered.endswith(("_id", " id", "-id", "_nr"))
    return is_called_so or scan.name.endswith(("Id", "ID")) or numbers.max - numbers.min < 2 * n


def _judge_words(scan: ColumnScan) -> Column:
    """Words that recur are categories; words that hardly ever do are names, codes or sentences."""
    counts, n = scan.counts, scan.n_values
    recurring = counts.counts[counts.counts >= 5].sum() / n
    if counts.n_distinct <= FEW and (n > FEW or counts.distinct_share < 0.95):
        return Column(scan.name, "categorical")
    if counts.distinct_share > 0.5 or (counts.is_exact and recurring < 0.5):
        is_id = counts.distinct_share >= 0.95 and scan.n_spaces < 0.2 * n
        share = f"{counts.n_distinct:,}{'' if counts.is_exact else ' or more'} different ones in {n:,} rows"
        reason = f"its values {'name the rows' if is_id else 'hardly ever recur'}, {share}"
        return aside(scan.name, "id" if is_id else "text", reason)
    return Column(scan.name, "categorical")


def decide_columns(
    scans: Mapping[str, ColumnScan],
    given: Mapping[str, str],
    roles: Mapping[str, str],
    findings: Findings,
) -> list[Column]:
    """The schema's columns in the order of the table.

    Args:
        scans: what the columns hold.
        given: types that the job prescribes.
        roles: `target`, `group` or `excluded` by the name of the column.
        findings: receives errors for types that do not fit, and warnings for what is set aside or read as missing.
    """
    columns = [_decide(scan, given.get(name), roles.get(name), findings) for name, scan in scans.items()]
    for column in columns:
        if column.role == "set aside" and column.name not in given and roles.get(column.name) != "excluded":
            action = "Name its type in `column_types` to use it all the same."
            findings.warning(column.name, "set aside", f"Column {column.name!r} is set aside: {column.reason}.", action)
    if not any(column.role == "feature" for column in columns):
        reasons = "; ".join(f"{c.name!r}: {c.reason}" for c in columns if c.role == "set aside") or "there is no other"
        way_out = "Add columns, or name their types in `column_types`."
        findings.error(None, "features", f"No column is left to learn from ({reasons}).", way_out)
    return columns


def _decide(scan: ColumnScan, given: str | None, role: str | None, findings: Findings) -> Column:
    if role == "excluded":
        return aside(scan.name, given or basic_type(scan)[0], "left out by `exclude_columns`")
    if role is not None:
        kind, form = basic_type(scan)
        return Column(scan.name, given or kind, role, form=form)
    column = _given(scan, given, findings) if given else infer(scan, show_values=findings.show_rows)
    if column.role == "feature" and column.type == "numeric":
        _warn_odd(scan, findings)
    return column


def _given(scan: ColumnScan, given: str, findings: Findings) -> Column:
    if given not in FEATURE_TYPES:
        return aside(scan.name, given, f"`column_types` says {given}")
    form, n_dates = max(scan.n_dates.items(), key=lambda item: item[1])
    fitting = {
        "numeric": scan.numbers.n,
        "boolean": scan.n_booleans + scan.numbers.n,
        "date": scan.n_values if types.is_temporal(scan.kind) else n_dates,
        "categorical": scan.n_values,
    }[given]
    if not fitting or is_nested(scan.kind):
        examples = [value for value, _ in scan.counts.top(3)]
        message = f"`column_types` says {given} for {scan.name!r}, but it holds other values."
        action = "Correct the type or leave the column out of it."
        findings.error(scan.name, "column_types", message, action, examples=examples)
    return Column(scan.name, given, form=form if given == "date" else None)


def _warn_odd(scan: ColumnScan, findings: Findings) -> None:
    n_odd = scan.n_values - scan.numbers.n
    if n_odd:
        message = f"{n_odd:,} of {scan.n_values:,} values of {scan.name!r} are no numbers."
        findings.warning(scan.name, "numbers", message, "They count as missing.", n_rows=n_odd, examples=scan.odd[:3])
