"""The report as one page: opens offline, loads nothing, runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image

from nas_core.report import words
from nas_core.report.candidates import CandidateFacts
from nas_core.report.diagram import winner_svg
from nas_core.report.facts import Facts, to_json
from nas_core.report.outcome import rival_title
from nas_core.report.pictures import Sheet
from nas_core.report.texts.page import page_texts
from nas_core.report.texts.pictures import picture_texts
from nas_core.runs.records import write_text

ASSETS = files("nas_core.report.html")
SCRIPTS = ("1_dom.js", "2_charts.js", "3_search.js", "4_result.js")
JPEG_QUALITY = 85
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def write_page(facts: Facts, path: Path, sheets: Sequence[Sheet] = ()) -> None:
    """Write the page, with the `sheets` of pictures, to `path`.

    Its policy allows the one script and the one style that it holds, by their hashes, and nothing from elsewhere. All
    facts reach the script as JSON, and the document as text nodes.
    """
    style = ASSETS.joinpath("style.css").read_text("utf-8")
    script = "\n".join(ASSETS.joinpath(name).read_text("utf-8") for name in SCRIPTS)
    about = page_facts(facts) | {"sheets": [_sheet(sheet, facts.language) for sheet in sheets]}
    parts = {
        "language": about["language"],
        "title": escape(about["title"]),
        "headline": escape(facts.headline),
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "style": style,
        "script": script,
        "facts": _inert(about),
    }
    template = ASSETS.joinpath("page.html").read_text("utf-8")
    write_text(path, re.sub(r"\{(\w+)\}", lambda place: parts[place[1]], template))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _inert(value: Any) -> str:
    """JSON that no HTML parser sees an end or a beginning in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def page_facts(facts: Facts) -> dict[str, Any]:
    """What the page's script reads: the facts, the candidates as columns, and the texts."""
    texts = page_texts(facts.language)
    target, search = words.printable(facts.target), facts.search
    agents = list(dict.fromkeys(candidate.agent for candidate in search.candidates))
    kinds = list(search.kinds)
    title = texts["title"].format(target=words.shorten(target, 80))
    subtitle = texts["subtitle"].format(
        task=facts.task_title,
        dataset=facts.dataset,
        name=facts.name,
        date=words.day(facts.stages[0].started, facts.language),
    )
    number = facts.winner.number
    winner = next((place for place, c in enumerate(search.candidates) if c.number == number), None)
    kept = ("command", "target", "dataset", "metric", "metrics", "job", "seconds", "winner", "training", "data")
    return {
        "language": facts.language,
        "texts": texts,
        "title": title,
        "subtitle": words.printable(subtitle),
        "headline": facts.headline,
        "notes": facts.notes,
        "next": facts.next,
        **to_json({name: getattr(facts, name) for name in kept}),
        "test": to_json(facts.test) | {"rivals": _rivals(facts)},
        "positive": facts.test.positive,
        "diagram": _address(winner_svg(facts)),
        "winner_index": winner,
        "search_seconds": search.seconds,
        "n_failed": search.n_failed,
        "kinds": kinds,
        "agents": agents,
        "rows": [{"title": row.title, "kind": kinds.index(row.kind)} for row in search.rows],
        "choices": {
            "title": [choice.title for choice in search.choices],
            "kind": [kinds.index(choice.kind) for choice in search.choices],
            "row": [choice.row for choice in search.choices],
            "skips": [choice.skips for choice in search.choices],
            "units": [choice.units for choice in search.choices],
        },
        "candidates": _columns(search.candidates, agents),
        "random": search.random,
        "versions": {name: version for stage in facts.stages for name, version in stage.versions.items()},
        "files": [
            (f"{stage.name}/{path}", about["bytes"], about["sha256"])
            for stage in facts.stages
            for path, about in stage.files.items()
        ],
    }


def _sheet(sheet: Sheet, language: str) -> dict[str, str]:
    """A sheet of pictures with its words; as a JPEG it is a tenth of its size."""
    texts, data = picture_texts(language), io.BytesIO()
    with Image.open(sheet.path) as image:
        image.save(data, "JPEG", quality=JPEG_QUALITY)
    return {
        "title": texts[f"sheet_{sheet.name}"],
        "lead": texts[f"sheet_{sheet.name}_lead"],
        "address": f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}",
    }


def _columns(candidates: tuple[CandidateFacts, ...], agents: list[str]) -> dict[str, list[Any]]:
    """The ledger column by column, which is a third of the size of line by line."""
    plain = ("number", "round", "codes", "score", "value", "parameters", "seconds", "at", "error")
    columns = {name: [getattr(candidate, name) for candidate in candidates] for name in plain}
    return columns | {
        "agent": [agents.index(candidate.agent) for candidate in candidates],
        "best": [int(candidate.is_best) for candidate in candidates],
        "front": [int(candidate.is_on_front) for candidate in candidates],
        "longer": [
            (c.longer.value, c.longer.epochs, c.longer.share, c.longer.n_folds) if c.longer else None
            for c in candidates
        ],
        "thoughts": ["".join(_digit(share) for place in c.thoughts for share in place) for c in candidates],
    }


def _digit(per_cent: int) -> str:
    return BASE62[round(min(per_cent, 100) / 100 * 61)]


def _rivals(facts: Facts) -> dict[str, Mapping[str, float | None]]:
    rivals = {rival_title(name, facts.language): figures for name, figures in facts.test.baselines.items()}
    return rivals | (
        {rival_title("random", facts.language): facts.test.random["test"] or {}} if facts.test.random else {}
    )


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
