"""The frames of the film. Each is drawn from the lines of the ledger that had come by its moment, and no others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from PIL import Image

from nas_core.report import words
from nas_core.report.candidates import CandidateFacts
from nas_core.report.diagram import Block, draw_network, width_of
from nas_core.report.drawing import (
    BACK,
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
    card,
    colours_of,
    cross,
    dot,
    draw_text,
    rounded,
    size_for,
    text_width,
)
from nas_core.report.facts import Facts
from nas_core.report.panels import PolicyPanel, ScorePanel
from nas_core.report.texts.film import film_texts
from nas_core.report.winner import LayerFacts

SIZE = (1280, 720)
FPS = 15
HOLD = 8  # frames for which a network is shown at least
GROW = 5  # of them, while it grows

NETWORK: Box = (32, 104, 412, 696)
SCORES: Box = (428, 104, 1248, 412)
CHOICES: Box = (428, 428, 1248, 696)


def n_search_frames(n_candidates: int) -> int:
    """How long the search is shown: 10 to 20 s, however many candidates there were."""
    return round(FPS * min(20.0, 10.0 + 0.08 * n_candidates))


def pace(n_candidates: int, n_frames: int) -> list[int]:
    """For each frame, how many lines of the ledger have come; the first and the last candidates get more time.

    It depends on the number of candidates alone, not on what they gave.
    """
    weights = [
        1 + 5 * math.exp(-place / 2) + 3 * math.exp(-(n_candidates - 1 - place) / 2) for place in range(n_candidates)
    ]
    ends = list(accumulate(weights))
    known, seen = [], 0
    for frame in range(n_frames):
        moment = ends[-1] * frame / n_frames if ends else 0.0
        while seen < n_candidates and (ends[seen - 1] if seen else 0.0) <= moment:
            seen += 1
        known.append(seen)
    if known:
        known[-1] = n_candidates
    return known


class SearchFrames:
    """Draws the search, frame by frame."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.texts = film_texts(facts.language)
        search = facts.search
        self.candidates = search.candidates
        self.colours = colours_of(search.kinds)
        widths = [_units(layer) for candidate in search.candidates[:1] for layer in candidate.architecture]
        self.largest = max((width for width in widths if width), default=0.0)
        self.base = self._still()
        self.scores = ScorePanel(facts, (500, 168, 1224, 374), self.base, self.texts["resumed"])
        self.policy = PolicyPanel(facts, (590, 476, 1124, 682), self.colours)
        self.policy.titles(self.base, 450)
        self.n_seen = self.n_failed = 0
        self.best: CandidateFacts | None = None
        self.shown: CandidateFacts | None = None
        self.age = 0
        self.n_growing = GROW

    def __iter__(self) -> Iterator[Image.Image]:
        known = pace(len(self.candidates), n_search_frames(len(self.candidates)))
        lasting = self._lasting(known)
        for n_known in known:
            fresh = self.candidates[self.n_seen : n_known]
            self._take(fresh)
            self._choose(fresh, lasting[n_known - 1])
            self.age += 1
            yield self._frame(self.age / self.n_growing)

    def ending(self) -> Image.Image:
        """The whole search, with the best network of it."""
        self.shown = self.best or self.shown
        return self._frame(1.0)

    @staticmethod
    def _lasting(known: list[int]) -> list[int]:
        """For each candidate the number of frames in which it is the newest."""
        counts = Counter(known)
        return [counts[place + 1] for place in range(max(known, default=0))]

    def _take(self, fresh: tuple[CandidateFacts, ...]) -> None:
        for candidate in fresh:
            self.scores.add(candidate)
            self.policy.add(candidate)
            self.n_failed += candidate.score is None
            self.largest = max([self.largest, *(_units(layer) or 0.0 for layer in candidate.architecture)])
            self.best = candidate if candidate.is_best else self.best
        self.n_seen += len(fresh)
        self.scores.settle()

    def _choose(self, fresh: tuple[CandidateFacts, ...], lasting: int) -> None:
        """Show a new network when the last one had its time: one that is the best so far, else the newest."""
        if fresh and (self.shown is None or self.age >= HOLD):
            self.shown = next((c for c in reversed(fresh) if c.is_best), fresh[-1])
            self.age, self.n_growing = 0, max(GROW, min(18, lasting * 2 // 3))

    def _still(self) -> Image.Image:
        """What no candidate changes, drawn once."""
        facts, texts = self.facts, self.texts
        image = Image.new("RGB", SIZE, BACK)
        _heading(image, texts["designing"].format(target=words.printable(facts.target)), facts, 680)
        for box in (NETWORK, SCORES, CHOICES):
            card(image, box)
        draw_text(image, (448, 136), texts["of_each"].format(metric=facts.metric.title), 17, INK, bold=True, width=320)
        draw_text(image, (448, 458), texts["choices"], 17, INK, bold=True, width=440)
        order = texts["in_order"].format(n=words.whole(facts.search.n_candidates, self.facts.language))
        draw_text(image, (862, 403), order, 12, MUTED, anchor="ms")
        self._legend(image)
        return image

    def _legend(self, image: Image.Image) -> None:
        """From the right: what the marks of the scores mean."""
        texts, x = self.texts, 1224
        entries = [(texts["failed"], "cross"), (texts["best_so_far"], "line"), (texts["a_network"], "dot")]
        if self.facts.search.random:
            entries.insert(2, (texts["random"], "dashes"))
        for text, mark in entries:
            draw_text(image, (x, 136), text, 13, MUTED, anchor="rs")
            x -= round(text_width(text, 13)) + 10
            if mark == "cross":
                cross(image, x, 131, 4, FAILED)
            elif mark == "dot":
                dot(image, x, 131, 4, blend(WHITE, BLUE, 0.6))
            else:
                colour, length = (GOOD, 18) if mark == "line" else (SLATE, 5)
                for left in (x - 14,) if mark == "line" else (x - 14, x - 6):
                    image.paste(colour, (left, 130, left + length, 133))
                x -= 12
            x -= 18

    def _frame(self, grown: float) -> Image.Image:
        image = self.base.copy()
        self._counters(image)
        self.scores.paste(image)
        self._thought(image, min(1.0, grown))
        if self.shown:
            self._network(image, self.shown, min(1.0, grown))
        return image

    def _counters(self, image: Image.Image) -> None:
        last, texts = self.candidates[self.n_seen - 1] if self.n_seen else None, self.texts
        if self.n_failed:
            failed = texts["n_failed"].format(n=words.whole(self.n_failed, self.facts.language))
            draw_text(image, (1224, 403), failed, 12, FAILED, anchor="rs")
        metric = self.facts.metric
        best = self.best.value if self.best else None
        counters = (
            (
                740,
                texts["networks_tried"],
                words.whole(self.n_seen, self.facts.language),
                texts["of"].format(n=words.whole(len(self.candidates), self.facts.language)),
            ),
            (930, texts["search_time"], _clock(last.at if last else 0.0), ""),
            (1060, texts["best"].format(metric=metric.inside), words.number(best, self.facts.language), ""),
        )
        for x, label, value, more in counters:
            draw_text(image, (x, 42), label, 14, MUTED, width=188)
            draw_text(image, (x, 76), value, 28, INK, bold=True)
            if more:
                shift = 10 + round(text_width(value, 28, bold=True))
                draw_text(image, (x + shift, 76), more, 14, MUTED, width=180 - shift)

    def _thought(self, image: Image.Image, grown: float) -> None:
        """The agent's probabilities: of the layer that is being added, or of all when the network stands."""
        shown = self.shown
        if shown is None or not shown.thoughts:
            self.policy.paste(image, None, None)
            return
        place = min(int(grown * len(shown.codes)), len(shown.codes) - 1, len(shown.thoughts) - 1)
        if grown >= 1 or place < 0:
            self.policy.paste(image, shown.policy, None)
            text = self.texts["sure"].format(share=words.percent(shown.certainty or 0.0, self.facts.language))
        else:
            code = shown.codes[place]
            taken = self.facts.search.choices[code].row if code >= 0 else None
            self.policy.paste(image, [share / 100 for share in shown.thoughts[place]], taken)
            text = self.texts["choosing"].format(n=place + 1)
        draw_text(image, (1230, 458), text, 14, MUTED, anchor="rs", width=340)

    def _network(self, image: Image.Image, candidate: CandidateFacts, grown: float) -> None:
        texts = self.texts
        is_failed = candidate.error is not None or candidate.value is None
        if grown >= 1 and (is_failed or candidate.is_best):
            _frame_card(image, NETWORK, FAILED if is_failed else GOOD)
        draw_text(image, (52, 136), texts["tried"], 17, INK, bold=True, width=250)
        number = texts["number"].format(n=words.whole(candidate.number + 1, self.facts.language))
        draw_text(image, (392, 136), number, 14, MUTED, anchor="rs")
        ends = (texts["input"], self.facts.target)
        draw_network(image, (72, 156, 372, 598), self._blocks(candidate), ends, grown)
        if grown < 1:
            return
        image.paste(FAINT, (52, 616, 392, 617))
        parameters = texts["parameters"].format(n=words.whole(candidate.parameters, self.facts.language))
        draw_text(
            image,
            (52, 680),
            f"{parameters}  ·  {words.duration(candidate.seconds, self.facts.language)}",
            14,
            MUTED,
            width=340,
        )
        if is_failed:
            reason = texts["failed_because"].format(reason=candidate.error or texts["no_figure"])
            draw_text(image, (52, 652), reason, 17, FAILED, bold=True, width=340)
            return
        colour, praise = (GOOD, f"  ·  {texts['record']}") if candidate.is_best else (INK, "")
        figure = f"{self.facts.metric.title} {words.number(candidate.value, self.facts.language)}{praise}"
        draw_text(image, (52, 652), figure, size_for(figure, 21, 15, 340, bold=True), colour, bold=True, width=340)

    def _blocks(self, candidate: CandidateFacts) -> list[Block]:
        known = self.facts.search.choices
        return [
            Block(
                words.layer(layer),
                self.colours.get(str(layer["layer"]), SLATE),
                width_of(_units(layer), self.largest),
                skips=code >= 0 and known[code].skips,
            )
            for layer, code in zip(candidate.architecture, candidate.codes, strict=True)
        ]


def _heading(image: Image.Image, title: str, facts: Facts, width: int) -> None:
    draw_text(image, (34, 50), title, size_for(title, 28, 18, width, bold=True), INK, bold=True, width=width)
    draw_text(image, (34, 78), f"{facts.task_title}  ·  {facts.dataset}", 16, MUTED, width=width)


def _frame_card(image: Image.Image, box: Box, colour: Colour) -> None:
    left, top, right, bottom = box
    rounded(image, box, colour, 10)
    rounded(image, (left + 3, top + 3, right - 3, bottom - 3), WHITE, 8)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def _units(layer: object) -> float | None:
    """The width of a layer: its largest whole-number parameter."""
    params = layer.params if isinstance(layer, LayerFacts) else layer
    if not isinstance(params, dict):
        return None
    return max((float(v) for v in params.values() if isinstance(v, int) and not isinstance(v, bool)), default=None)


class WinnerFrames:
    """The winner, drawn large beside its figures."""

    N_GROW = 14
    N_HOLD = round(4.4 * FPS)

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.texts = film_texts(facts.language)
        self.colours = colours_of(facts.search.kinds)
        self.base = self._still()

    def __iter__(self) -> Iterator[Image.Image]:
        for frame in range(1, self.N_GROW + 1):
            yield self.frame(frame / self.N_GROW)
        last = self.frame(1.0)
        for _ in range(self.N_HOLD):
            yield last

    def frame(self, grown: float) -> Image.Image:
        """One frame; `grown` goes from 0 to 1."""
        image = self.base.copy()
        self._network(image, grown)
        self._comparison(image, grown)
        return image

    def _still(self) -> Image.Image:
        facts = self.facts
        image = Image.new("RGB", SIZE, BACK)
        _heading(image, self.texts["the_network_for"].format(target=words.printable(facts.target)), facts, 1200)
        card(image, (32, 104, 632, 696))
        card(image, (648, 104, 1248, 696))
        metric = facts.metric
        unit = f" ({metric.unit})" if metric.unit else ""
        draw_text(image, (676, 140), self.texts["on_unseen"].format(metric=metric.title + unit), 17, MUTED, width=540)
        draw_text(image, (674, 206), words.number(facts.test.value, facts.language), 60, INK, bold=True, width=540)
        draw_text(image, (676, 238), "  ·  ".join(_other_figures(facts)), 16, MUTED, width=540)
        self._foot(image)
        return image

    def _foot(self, image: Image.Image) -> None:
        facts = self.facts
        image.paste(FAINT, (676, 600, 1220, 601))
        tried = self.texts["end"].format(n=words.whole(facts.search.n_candidates, self.facts.language))
        failed = self.texts["end_failed"].format(n=words.whole(facts.search.n_failed, self.facts.language))
        line = f"{tried}, {failed}" if facts.search.n_failed else tried
        draw_text(image, (676, 634), line, 17, INK, width=544)
        size = self.texts["parameters"].format(n=words.whole(facts.winner.parameters, self.facts.language))
        time = self.texts["in_all"].format(time=words.duration(facts.seconds["total"], facts.language))
        draw_text(image, (676, 664), f"{size}  ·  {time}", 17, INK, width=544)

    def _network(self, image: Image.Image, grown: float) -> None:
        layers = self.facts.winner.layers
        largest = max([1.0, *(_units(layer) or 0.0 for layer in layers)])
        skipping = {choice.kind for choice in self.facts.search.choices if choice.skips}
        blocks = [
            Block(
                layer.title,
                self.colours.get(layer.kind, SLATE),
                width_of(_units(layer), largest),
                words.whole(layer.parameters, self.facts.language),
                skips=layer.kind in skipping,
            )
            for layer in layers
        ]
        draw_text(image, (612, 136), self.texts["parameters_head"], 13, MUTED, anchor="rs")
        draw_network(image, (70, 140, 500, 680), blocks, (self.texts["input"], self.facts.target), grown)

    def _comparison(self, image: Image.Image, grown: float) -> None:
        test, metric = self.facts.test, self.facts.metric
        rows = [(self.texts["the_network"], test.value or 0.0, BLUE)]
        rows += [(v.title, v.value, SLATE) for v in test.verdicts]
        largest = max([abs(value) for _, value, _ in rows] + [1e-12])
        draw_text(image, (676, 286), self.texts["longer" if metric.higher_is_better else "shorter"], 14, MUTED)
        pitch = min(76, 290 // len(rows))
        for place, (title, value, colour) in enumerate(rows):
            figure = words.number(value, self.facts.language)
            self._bar(image, 312 + pitch * place, (title, figure), max(0.0, value) / largest * grown, colour)

    @staticmethod
    def _bar(image: Image.Image, y: int, texts: tuple[str, str], share: float, colour: Colour) -> None:
        is_ours, (title, figure) = colour == BLUE, texts
        draw_text(image, (676, y), title, 16, INK, bold=is_ours, width=540)
        end = 676 + max(5, round(430 * share))
        rounded(image, (676, y + 9, end, y + 33), colour, 5)
        draw_text(image, (end + 10, y + 21), figure, 17, INK, bold=is_ours, anchor="lm")


def _other_figures(facts: Facts) -> list[str]:
    known = [
        (facts.metrics.get(name), value) for name, value in facts.test.figures.items() if name != facts.metric.name
    ]
    return [
        f"{metric.title} {words.number(value, facts.language)}"
        for metric, value in known
        if metric and value is not None
    ]


def crossfade(one: Image.Image, other: Image.Image, n_frames: int) -> Iterator[Image.Image]:
    """Frames that lead from `one` to `other`."""
    for frame in range(1, n_frames + 1):
        yield Image.blend(one, other, frame / (n_frames + 1))
