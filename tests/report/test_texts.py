"""The report's words in every language."""

from __future__ import annotations

import re

import pytest
from made_up_run import MakeRun

from nas_core.report import texts
from nas_core.report.facts import read_facts

TABLES = (texts.page_texts, texts.film_texts, texts.sentence_texts)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_language_fills_in_the_same_places(table: texts.Table, language: str) -> None:
    ours, english = table(language), table("en")
    for key, text in ours.items():
        assert text.strip()
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", english[key]))


def test_verdicts_are_said_in_the_jobs_language(make_run: MakeRun) -> None:
    facts = read_facts(make_run("labels", 3, language="ru"))
    assert facts.headline.startswith("На строках, которых сеть не видела, log-loss = 0,09")
    assert "линейная модель" in facts.headline
    english = read_facts(make_run("labels", 4))
    assert len(english.test.verdicts) == len(facts.test.verdicts) and len(english.notes) == len(facts.notes)
