"""The two panels that grow with the search: scores of all candidates, and the agent's choices."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence

from PIL import Image

from nas_core.report.candidates import CandidateFacts
from nas_core.report.drawing import (
    BLUE,
    FAILED,
    FAINT,
    GOOD,
    INK,
    MUTED,
    SLATE,
    WHITE,
    Box,
    Colour,
    blend,
    cross,
    dot,
    draw_text,
)
from nas_core.report.facts import Facts
from nas_core.report.words import local, percent


class ScorePanel:
    """Every candidate as a dot, the best so far as a line, failures as crosses on the ground.

    Drawn is the figure of the job's metric, the better the higher up. The axis shows what is known so far; it glides
    when a new figure does not fit. Few very bad ones do not press the others together: they lie on the lower edge.
    """

    def __init__(self, facts: Facts, box: Box, base: Image.Image, resumed: str) -> None:
        """`resumed` is said where a search that was killed went on."""
        search, self.language = facts.search, facts.language
        self.resumed = resumed
        self.radius = 3 if search.n_candidates <= 300 else 2 if search.n_candidates <= 1500 else 1
        self.sign = 1 if facts.metric.higher_is_better else -1
        self.n = search.n_candidates
        self.box = box
        self.base = base.crop(_outer(box))
        self.rivals = search.random
        self.resumes = frozenset(search.resumes)
        self.rival: float | None = None
        self.seen: list[CandidateFacts] = []
        self.sorted: list[float] = []
        self.range: tuple[float, float] | None = None
        self.layer = self._fresh()
        self.best: float | None = None
        self.drawn = 0

    def add(self, candidate: CandidateFacts) -> None:
        """The next line of the ledger."""
        self.seen.append(candidate)
        rival = self._rival(len(self.seen) - 1)
        if rival is not None:
            insort(self.sorted, rival)
        if candidate.value is not None:
            insort(self.sorted, self.sign * candidate.value)

    def settle(self) -> None:
        """Move one frame on: the axis glides to where it should be, new candidates are drawn."""
        if self.sorted:
            aim = _range(self.sorted)
            now = self.range or aim
            moved = (_glide(now[0], aim[0], aim), _glide(now[1], aim[1], aim))
            if moved != self.range:
                self.range = moved
                self.layer, self.drawn, self.best, self.rival = self._fresh(), 0, None, None
                self._axis()
        while self.drawn < len(self.seen):
            self._draw(self.seen[self.drawn])
            self.drawn += 1

    def paste(self, image: Image.Image) -> None:
        """Put the panel into a frame, the newest candidate ringed."""
        image.paste(self.layer, _outer(self.box)[:2])
        if self.seen and self.seen[-1].value is not None:
            x, y = self._x(len(self.seen) - 1), self._y(self.sign * self.seen[-1].value)
            dot(image, x, y, 8, INK)
            dot(image, x, y, 6, WHITE)
            dot(image, x, y, 4, GOOD if self.seen[-1].is_best else BLUE)

    def _rival(self, place: int) -> float | None:
        """The height of what random search measured in the same place."""
        value = self.rivals[place] if place < len(self.rivals) else None
        return None if value is None else self.sign * value

    def _fresh(self) -> Image.Image:
        return self.base.copy()

    def _x(self, place: int) -> float:
        left, _, right, _ = self.box
        return left + (right - left) * (place + 0.5) / max(1, self.n)

    def _y(self, height: float) -> float:
        assert self.range is not None
        low, high = self.range
        share = min(1.0, max(0.0, (height - low) / (high - low)))
        return self.box[3] - (self.box[3] - self.box[1]) * share

    def _local(self, x: float, y: float) -> tuple[float, float]:
        outer = _outer(self.box)
        return x - outer[0], y - outer[1]

    def _axis(self) -> None:
        assert self.range is not None
        left, _, right, _ = self.box
        for tick in _ticks(*self.range):
            x, y = self._local(left, self._y(tick))
            self.layer.paste(FAINT, (round(x), round(y), round(x) + right - left, round(y) + 1))
            said = local(f"{self.sign * tick + 0.0:,.6g}", self.language)
            draw_text(self.layer, (x - 8, y), said, 12, MUTED, anchor="rm")

    def _draw(self, candidate: CandidateFacts) -> None:
        place = self.drawn
        x, _ = self._local(self._x(place), 0)
        floor = self._local(0, self.box[3])[1]
        if place in self.resumes:
            self._mark_resume(x)
        self._rival_line(place)
        if candidate.value is None:
            cross(self.layer, x, floor + 9, 1 + self.radius, FAILED)
        else:
            y = self._local(0, self._y(self.sign * candidate.value))[1]
            dot(self.layer, x, y, self.radius, blend(WHITE, BLUE, 0.6))
        self._line(place, candidate)

    def _mark_resume(self, x: float) -> None:
        """A search that was killed went on here."""
        _, top = self._local(0, self.box[1])
        _, bottom = self._local(0, self.box[3])
        for y in range(round(top), round(bottom), 8):
            self.layer.paste(SLATE, (round(x) - 1, y, round(x) + 1, y + 4))
        draw_text(self.layer, (x + 6, top + 12), self.resumed, 12, SLATE, width=120)

    def _rival_line(self, place: int) -> None:
        before, value = self.rival, self._rival(place)
        self.rival = max((v for v in (before, value) if v is not None), default=None)
        if self.rival is None or self.range is None or place >= len(self.rivals):
            return
        x0, y0 = self._local(self._x(max(0, place - 1)), self._y(before if before is not None else self.rival))
        x1, y1 = self._local(self._x(place), self._y(self.rival))
        for x in range(round(x0), round(x1)):
            if x % 9 < 5:
                self.layer.paste(SLATE, (x, round(y0) - 1, x + 1, round(y0) + 1))
        self.layer.paste(
            SLATE, (round(x1), min(round(y0), round(y1)) - 1, round(x1) + 2, max(round(y0), round(y1)) + 1)
        )

    def _line(self, place: int, candidate: CandidateFacts) -> None:
        before = self.best
        if candidate.value is not None and candidate.is_best:
            self.best = self.sign * candidate.value
        if self.best is None:
            return
        last = self._x(max(0, place - 1)) if before is not None else self._x(place)
        x0, y0 = self._local(last, self._y(before if before is not None else self.best))
        x1, y1 = self._local(self._x(place), self._y(self.best))
        self.layer.paste(GOOD, (round(x0), round(y0) - 1, round(x1) + 1, round(y0) + 2))
        self.layer.paste(
            GOOD, (round(x1) - 1, min(round(y0), round(y1)) - 1, round(x1) + 2, max(round(y0), round(y1)) + 2)
        )
        if candidate.is_best:
            dot(self.layer, x1, y1, 5, GOOD)


def _outer(box: Box) -> Box:
    """The part of the frame that a panel draws on: its box, its labels and marks."""
    return box[0] - 60, box[1] - 10, box[2] + 12, box[3] + 18


def _range(heights: list[float]) -> tuple[float, float]:
    """A range of round numbers that holds all but the lowest tenth of the heights (sorted)."""
    low, high = heights[len(heights) // 10], heights[-1]
    span = max(high - low, 0.1 * max(abs(high), abs(low)), 1e-6)
    step = _step(span)
    return math.floor((low - 0.06 * span) / step) * step, math.ceil((high + 0.06 * span) / step) * step


def _step(span: float) -> float:
    """A round step (1, 2 or 5 times a power of ten) that divides `span` into about four."""
    power = 10.0 ** math.floor(math.log10(span / 4))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span / 4)


def _ticks(low: float, high: float) -> list[float]:
    step = _step(high - low)
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 10) for place in range(first, math.floor(high / step + 1e-9) + 1)]


def _glide(now: float, aim: float, extent: tuple[float, float]) -> float:
    rest = aim - now
    return aim if abs(rest) < 0.01 * (extent[1] - extent[0]) else now + 0.4 * rest


FULL = 0.45  # a probability, as the mean over the places of a proposal, that gets the full colour


class PolicyPanel:
    """Rows of choices, a column a candidate; the stronger the colour, the likelier the agent would have chosen it."""

    def __init__(self, facts: Facts, box: Box, colours: dict[str, Colour]) -> None:
        search, self.language = facts.search, facts.language
        self.n = max(1, search.n_candidates)
        self.box = box
        self.rows = search.rows
        self.colours = colours
        self.layer = Image.new("RGB", (box[2] - box[0], box[3] - box[1]), WHITE)
        self.n_seen = 0

    @property
    def pitch(self) -> float:
        """Height of a row in pixels."""
        return (self.box[3] - self.box[1]) / max(1, len(self.rows))

    def add(self, candidate: CandidateFacts) -> None:
        """The next line of the ledger; one without probabilities leaves its column empty."""
        width = self.layer.width
        left, right = (round(width * place / self.n) for place in (self.n_seen, self.n_seen + 1))
        self.n_seen += 1
        if candidate.policy is None:
            return
        for row, (share, about) in enumerate(zip(candidate.policy, self.rows, strict=True)):
            colour = blend(WHITE, self.colours[about.kind], min(1.0, share / FULL) ** 0.85)
            top, bottom = round(self.pitch * row), round(self.pitch * (row + 1)) - 1
            self.layer.paste(colour, (left, top, max(right, left + 1), bottom))

    def titles(self, image: Image.Image, left: int) -> None:
        """Write the rows' names to the left of the panel, once."""
        size = min(13, round(self.pitch * 0.8))
        for row, about in enumerate(self.rows):
            middle = self.box[1] + self.pitch * (row + 0.5)
            dot(image, left + 5, middle, min(4, round(self.pitch / 3)), self.colours[about.kind])
            draw_text(image, (left + 17, middle), about.title, size, INK, anchor="lm", width=self.box[0] - left - 24)

    def paste(self, image: Image.Image, thought: Sequence[float] | None, taken: int | None) -> None:
        """Put the panel into a frame.

        On its right stand as bars what the agent thought of the next layer, the row that it has `taken` in full colour.
        """
        left, top, right, bottom = self.box
        image.paste(self.layer, (left, top))
        edge = left + round((right - left) * self.n_seen / self.n)
        if 0 < self.n_seen < self.n:
            image.paste(MUTED, (edge, top - 4, edge + 2, bottom + 2))
        for row, (share, about) in enumerate(zip(thought or (), self.rows, strict=False)):
            middle = top + self.pitch * (row + 0.5)
            half = max(2, round(self.pitch * 0.32))
            end = right + 12 + max(1, round(62 * min(1.0, share)))
            is_taken = taken in (None, row)
            colour = self.colours[about.kind] if is_taken else blend(WHITE, self.colours[about.kind], 0.45)
            image.paste(colour, (right + 12, round(middle) - half, end, round(middle) + half))
            size = min(11, round(self.pitch * 0.75))
            ink = INK if taken == row else MUTED
            draw_text(
                image, (end + 5, middle), percent(share, self.language), size, ink, bold=taken == row, anchor="lm"
            )
