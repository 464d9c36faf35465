"""The page, in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from made_up_run import MakeRun

from nas_core.report.facts import read_facts
from nas_core.report.html.page import write_page
from nas_core.report.texts.languages import LANGUAGES
from nas_core.runs.run import Run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = [
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "<!--<script>",
    "{headline} {facts} \u2028 \u0000",
    "javascript:document.title='owned'",
]


def write(run: Run) -> Path:
    path = run.path("report/report.html")
    write_page(read_facts(run), path)
    return path


def shown(path: Path, home: Path) -> str:
    """The document as it stands after its script has run."""
    order = [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={home}"]
    order += ["--window-size=1200,900", "--virtual-time-budget=3000", "--dump-dom", path.as_uri()]
    return subprocess.run(order, check=True, capture_output=True, text=True, timeout=120).stdout


browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@browser
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["labels", "values"])
def test_hostile_texts_are_inert(make_run: MakeRun, tmp_path: Path, kind: str) -> None:
    document = shown(write(make_run(kind, 20, texts=HOSTILE)), tmp_path / "home")
    body = document[document.index("<body") : document.index('<script type="application/json"')]
    assert "owned</title>" not in document
    assert "<script" not in body and "onerror" not in re.sub(
        r'(alt|title|aria-label)="[^"]*"', "", re.sub(r">[^<]*<", "><", body)
    )
    assert all(source.startswith("data:image/svg+xml") for source in re.findall(r'<img[^>]* src="([^"]*)"', body))
    assert HOSTILE[0] in unescape(body) and HOSTILE[2] in unescape(body)


@browser
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "n_candidates"), [("labels", 30), ("values", 1), ("labels", 2_000)])
def test_every_section_is_drawn(make_run: MakeRun, tmp_path: Path, kind: str, n_candidates: int) -> None:
    document = shown(write(make_run(kind, n_candidates)), tmp_path / "home")
    sections = re.findall(r'<section id="(\w+)"', document)
    assert sections == [
        "summary", "search", "network", "test", "importance", "candidates", "training", "data", "reproduce",
    ]  # fmt: skip
    table = document[document.index('<section id="candidates"') :]
    assert table[: table.index("</section>")].count('<tr class="click') == min(25, n_candidates)


def test_the_page_asks_nobody_for_anything(make_run: MakeRun) -> None:
    text = write(make_run("labels", 5)).read_text()
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", text)) - {"http://www.w3.org/2000/svg"}
    assert addresses == {"https://example.org/data/tumours.csv?…"}  # the dataset's, as a text
    assert "default-src 'none'" in text


def test_texts_cannot_end_the_facts(make_run: MakeRun) -> None:
    text = write(make_run("labels", 5, texts=HOSTILE)).read_text()
    assert text.count("<script") == text.count("</script>") == 2
    facts = re.search(r'id="facts">(.*?)</script>', text, re.DOTALL)
    assert facts is not None
    assert json.loads(facts[1])["target"] == HOSTILE[0]


def test_a_candidate_takes_few_bytes(make_run: MakeRun) -> None:
    few, many = (write(make_run("labels", n)).stat().st_size for n in (10, 510))
    assert (many - few) / 500 < 400


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_script_finds_every_text(language: str) -> None:
    from nas_core.report.html.page import ASSETS, SCRIPTS
    from nas_core.report.texts.page import page_texts

    texts = page_texts(language)
    script = "".join(ASSETS.joinpath(name).read_text("utf-8") for name in SCRIPTS)
    asked = set(re.findall(r"\bT\.(\w+)", script)) | set(re.findall(r'\bt\("(\w+)"', script))
    assert asked <= set(texts)
    assert all(texts.values())
