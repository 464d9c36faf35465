"""The report's words in every language."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import pytest
from made_up_run import MakeRun

from nas_core.errors import JobError
from nas_core.job import job_json, parse_job
from nas_core.report.facts import read_facts
from nas_core.report.texts.checks import RULES, translate, translate_check
from nas_core.report.texts.checks import SENTENCES as CHECKS
from nas_core.report.texts.errors import ERRORS
from nas_core.report.texts.film import FILM
from nas_core.report.texts.languages import LANGUAGES, Texts, spoken
from nas_core.report.texts.page import PAGE
from nas_core.report.texts.pictures import PICTURES
from nas_core.report.texts.sentences import SENTENCES
from nas_core.report.texts.workbook import WORKBOOK
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import create_run
from nas_core.stage import execute
from nas_core.tasks.registry import TASKS, load_task

TABLES = (PAGE, FILM, PICTURES, SENTENCES, WORKBOOK, RULES)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fills_in_the_same_places(table: Texts, language: str) -> None:
    ours, english = spoken(table, language), spoken(table, "en")
    for key, text in ours.items():
        assert text.strip()
        assert sorted(re.findall(r"{\w+", text)) == sorted(re.findall(r"{\w+", english[key]))


def test_verdicts_are_said_in_the_jobs_language(make_run: MakeRun) -> None:
    facts = read_facts(make_run("labels", 3, language="ru"))
    assert facts.headline.startswith("На строках, которых сеть не видела, log-loss = 0,09")
    assert "линейная модель" in facts.headline
    english = read_facts(make_run("labels", 4))
    assert len(english.test.verdicts) == len(facts.test.verdicts) and len(english.notes) == len(facts.notes)


UGLY = """row_id,town,age,income,since,code,constant,mixed,leak,notes,class
"""


def ugly_table(path: Path, n: int = 600) -> None:
    """A table with as much wrong as one table can have."""
    rng = random.Random(0)
    lines = [UGLY.strip()]
    for row in range(n):
        label = "yes" if rng.random() < 0.03 else "no"
        age = -999 if row % 40 == 0 else "old" if row % 97 == 0 else rng.randint(18, 80)
        income = 9e9 if row == 5 else rng.gauss(1000, 100)
        mixed = rng.choice(["red", "green", "1", "2"])
        lines.append(
            f"{row},{rng.choice(['Omsk', 'Perm'])},{age},{income:.2f},x{rng.random()},{row % 7},7,{mixed},"
            f"{int(label == 'yes')},some words {row} here,{label if row % 50 else ''}"
        )
    path.write_text("\n".join([*lines, *lines[1:20], "too,few"]) + "\n", encoding="utf-8")


def test_what_the_checks_say_is_said_in_russian(tmp_path: Path) -> None:
    ugly_table(tmp_path / "ugly.csv")
    job = {"dataset_uri": str(tmp_path / "ugly.csv"), "target": "class", "name": "ugly", "language": "ru"}
    run = create_run(str(tmp_path / "runs"), "ugly", job_json(parse_job(job)), "1")
    execute("prepare", run)
    again = create_run(str(tmp_path / "runs"), "ugly", job_json(parse_job(job)), "2")
    execute("prepare", again)
    checks = read_json(again.path(layout.CHECKS))
    assert len({check["rule"] for check in checks}) >= 8, sorted({check["rule"] for check in checks})
    for check in checks:
        said = translate_check(check, "ru")
        for part in ("rule", "message", "action"):
            assert not check[part] or re.search("[а-яё]", said[part]), check
        assert translate_check(check, "en") == check


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"budget_minutes": 0, "seed": "x", "speed": 1, "algorithm": "magic"},
        {"target": "y", "exclude_columns": ["y"]},
        {"target": "y", "task": "tabular_regression", "metric": "accuracy"},
    ],
)
def test_what_a_job_has_wrong_is_said_in_russian(fields: dict[str, object]) -> None:
    with pytest.raises(JobError) as caught:
        parse_job({"dataset_uri": "a.csv"} | fields)
    for problem in caught.value.problems:
        assert re.search("[а-яё]", translate(problem, "ru")), problem
        assert translate(problem, "en") == problem


@cache
def code() -> str:
    """The program without the report; its texts in one piece each."""
    files = [path for path in Path("nas_core").rglob("*.py") if "report" not in path.parts]
    return " ".join(re.sub(r'"\n\s*f?"', "", path.read_text("utf-8")) for path in files)


@pytest.mark.parametrize("english", [english for english, _ in (*CHECKS, *ERRORS) if "`: " not in english])
def test_what_is_translated_is_still_said(english: str) -> None:
    pieces = [piece.strip(" .:,()") for piece in re.split(r"{\w+}|\(s\)", english)]
    assert all(piece in code() for piece in pieces if len(piece) > 8), pieces


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_title_in_every_language(name: str) -> None:
    assert SENTENCES[f"task_{name}"][0] == load_task(name).title
