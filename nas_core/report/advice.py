"""The sentences of a summary: the one to read first, and what to watch out for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_core.report.bootstrap import Interval
from nas_core.report.metrics import MetricFacts
from nas_core.report.outcome import VerdictFacts
from nas_core.report.rows import ThresholdFacts
from nas_core.report.texts.sentences import sentence_texts
from nas_core.report.words import number, percent, printable, shorten

FEW_TEST_ROWS = 200
FEW_TRAINING_ROWS = 2_000
FEW_CANDIDATES = 40
MANY_FAILED = 0.25
MANY_MISSED = 0.5
WORTH_CHANGING = 0.1  # of recall
_SIMPLE = {"linear": "note_linear"}


def headline(
    metric: MetricFacts,
    value: float | None,
    interval: Interval | None,
    verdicts: Iterable[VerdictFacts],
    language: str = "en",
) -> str:
    """One sentence: what the network reaches, and whether a simple model would have done."""
    texts = sentence_texts(language)
    span = "" if interval is None else _span(interval, texts, language)
    reached = texts["reached"].format(metric=metric.inside, value=number(value, language), interval=span)
    named = _by_outcome(verdicts)
    parts = [reached]
    for outcome, key in (
        ("worse", "not_beaten"),
        ("equal", "no_better"),
        ("better", "beats"),
        ("unproven", "unproven"),
    ):
        if named[outcome]:
            parts.append(texts[key].format(rivals=_list(named[outcome], texts["and" if outcome == "better" else "or"])))
    return "; ".join(parts) + "."


def _span(interval: Interval, texts: Mapping[str, str], language: str) -> str:
    low, high = (number(float(f"{end:.3g}"), language) for end in (interval.low, interval.high))
    return texts["interval"].format(low=low, high=high)


def _by_outcome(verdicts: Iterable[VerdictFacts]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {"worse": [], "equal": [], "unproven": [], "better": []}
    for verdict in verdicts:
        named[verdict.outcome].append(verdict.title)
    return named


def _list(parts: list[str], joined: str) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {joined} {parts[-1]}"


@dataclass(frozen=True)
class Story:
    """What advice is given on: verdicts, rows by part, and of each candidate whether it failed or was a record.

    `has_pictures`: whether rows are pictures.
    """

    verdicts: tuple[VerdictFacts, ...]
    n_rows: Mapping[str, int]
    failed: Sequence[bool]
    records: Sequence[bool]
    language: str = "en"
    positive: str | None = None
    thresholds: Sequence[ThresholdFacts] = ()
    has_pictures: bool = False

    @property
    def is_simple_enough(self) -> bool:
        """Whether a simpler model would do."""
        return any(v.outcome in ("worse", "equal") and v.rival != "random" for v in self.verdicts)

    @property
    def is_open(self) -> bool:
        """Whether it is not known if a simpler model would do."""
        return any(v.outcome == "unproven" and v.rival != "random" for v in self.verdicts)


def notes(story: Story, checks: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What a reader should know before trusting the result, the weightiest first."""
    return tuple([*_of_result(story), *_of_search(story), *_of_data(checks)])


def _of_result(story: Story) -> Iterator[str]:
    texts = sentence_texts(story.language)
    is_linear_better = any(v.rival == "linear" and v.outcome == "worse" for v in story.verdicts)
    for verdict in story.verdicts:
        if verdict.outcome == "better":
            continue
        if verdict.rival == "random":
            if verdict.outcome in ("worse", "unproven"):
                yield texts["note_random" if verdict.outcome == "worse" else "note_random_unproven"]
        elif verdict.rival == "linear" or not is_linear_better:  # else there is something to learn
            is_open = verdict.rival == "linear" and verdict.outcome == "unproven"
            yield texts["note_linear_unproven" if is_open else _SIMPLE.get(verdict.rival, "note_nothing")]
    n_test = story.n_rows.get("test", 0)
    if n_test < FEW_TEST_ROWS:
        yield texts["note_few_rows"].format(n=n_test)


def _of_search(story: Story) -> Iterator[str]:
    share = sum(story.failed) / max(1, len(story.failed))
    if share > MANY_FAILED:
        yield sentence_texts(story.language)["note_failed"].format(share=percent(share, story.language))


def _of_data(checks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    order = {"error": 0, "warning": 1}
    found = [check for check in checks if check["severity"] in order]
    for check in sorted(found, key=lambda check: order[check["severity"]]):
        column = check.get("column")
        place = f"{column}: " if column and str(column) not in check["message"] else ""
        yield place + " ".join(str(check[part]) for part in ("message", "action") if check.get(part))


def next_steps(story: Story) -> tuple[str, ...]:
    """What a person may do now."""
    texts, records = sentence_texts(story.language), story.records
    of_what = "_pictures" if story.has_pictures else ""
    steps = (
        [texts[f"next_simple{of_what}"]] if story.is_simple_enough else [texts["next_proof"]] if story.is_open else []
    )
    if len(records) < FEW_CANDIDATES:
        steps.append(texts["next_short"].format(n=len(records)))
    elif any(records[-len(records) // 4 :]):
        steps.append(texts["next_longer"])
    elif not story.is_simple_enough:
        steps.append(texts["next_enough"])
    if story.n_rows.get("train", 0) < FEW_TRAINING_ROWS:
        steps.append(texts["next_rows"])
    return (*steps, *_of_thresholds(story), texts[f"next_try{of_what}"])


def _of_thresholds(story: Story) -> Iterator[str]:
    """Another threshold, where most of the class that is looked for is missed and a lower one has a better F1."""
    half = next((t for t in story.thresholds if t.threshold == 0.5), None)
    best = max((t for t in story.thresholds if t.f1 is not None), key=lambda t: t.f1 or 0.0, default=None)
    if half is None or best is None or half.recall is None or half.recall >= MANY_MISSED:
        return
    if (best.recall or 0.0) < half.recall + WORTH_CHANGING:
        return
    shares = {"recall": half.recall, "threshold": best.threshold, "more": best.recall, "precision": best.precision}
    said = {name: percent(share or 0.0, story.language) for name, share in shares.items()}
    yield sentence_texts(story.language)["next_threshold"].format(name=shorten(printable(story.positive), 40), **said)
