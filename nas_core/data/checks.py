"""What was found wrong or noteworthy in the data; the errors travel together in one JobError."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypedDict, Unpack

from nas_core.errors import JobError

NAMES_SHOWN = 30
LONGEST_EXAMPLE = 60


@dataclass(frozen=True)
class Finding:
    """One entry of ``checks.json``. An error stops the stage, a warning tells what was done about it.

    `n_rows` counts the rows concerned, `examples` are a few of their values.
    """

    severity: Literal["error", "warning", "info"]
    column: str | None
    rule: str
    message: str
    action: str = ""
    n_rows: int | None = None
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        such = f"Such as {', '.join(map(repr, self.examples))}." if self.examples else ""
        return " ".join(part for part in (self.message, such, self.action) if part)


class More(TypedDict, total=False):
    """What a finding may say besides its message."""

    n_rows: int
    examples: Sequence[str]


class Findings:
    """Collects findings, so that all errors are reported at once; without `show_rows` none quotes a value."""

    def __init__(self, *, show_rows: bool = True) -> None:
        self.items: list[Finding] = []
        self.show_rows = show_rows

    def error(self, column: str | None, rule: str, message: str, action: str = "", **more: Unpack[More]) -> None:
        """The stage cannot go on; `action` is the way out."""
        self._add("error", column, rule, message, action, **more)

    def warning(self, column: str | None, rule: str, message: str, action: str = "", **more: Unpack[More]) -> None:
        """The stage goes on; `action` is what it did."""
        self._add("warning", column, rule, message, action, **more)

    def info(self, column: str | None, rule: str, message: str, action: str = "", **more: Unpack[More]) -> None:
        """Worth knowing; nothing is wrong."""
        self._add("info", column, rule, message, action, **more)

    def _add(self, severity: Any, column: str | None, rule: str, *words: str, **more: Unpack[More]) -> None:
        examples = tuple(map(_short, more.get("examples", ()))) if self.show_rows else ()
        message, action = words
        self.items.append(Finding(severity, column, rule, message, action, more.get("n_rows"), examples))

    @contextmanager
    def collect(self, field: str) -> Iterator[None]:
        """Turn the problems of a JobError in the block into errors of the job's `field`."""
        try:
            yield
        except JobError as error:
            for problem in error.problems:
                named = f"`{field}` {problem}" if problem.startswith("must ") else f"`{field}`: {problem}"
                self.error(None, field, problem if problem.startswith("`") else named)

    def raise_errors(self) -> None:
        """Raise one JobError with all errors, if there are any."""
        errors = [str(item) for item in self.items if item.severity == "error"]
        if errors:
            raise JobError(*errors)

    def to_json(self) -> list[dict[str, Any]]:
        """The content of ``checks.json``."""
        return [asdict(item) for item in self.items]


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_EXAMPLE else value[: LONGEST_EXAMPLE - 1] + "…"


def unknown_name(field: str, got: str, names: list[str]) -> str:
    """The message for a column that is not there, with the columns there are and the nearest one."""
    near = difflib.get_close_matches(got, names, n=1, cutoff=0.5)
    folded = [name for name in names if name.strip().lower() == got.strip().lower()]
    hint = f" Did you mean {(folded or near)[0]!r}?" if folded or near else ""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"`{field}` must be one of the columns {names[:NAMES_SHOWN]}{more}, but got {got!r}.{hint}"


def check_names(findings: Findings, names: list[str], wanted: Iterable[tuple[str, str | None]]) -> None:
    """Add an error for each (field, column) of `wanted` that `names` lacks; None asks for nothing."""
    for field, name in wanted:
        if name is not None and name not in names:
            findings.error(name, field, unknown_name(field, name, names))


def counted(n: int, noun: str) -> str:
    """``1 row``, ``32,561 rows``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
