"""The job: what is refused, in which words, and what the forms are made of."""

from __future__ import annotations

import pytest

from nas_core.errors import JobError
from nas_core.job import Job, form_schema, parse_job, shell_command

GOOD = {"dataset_uri": "data.csv", "target": "price"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ["`dataset_uri` is required", "`target` is required"]),
        (GOOD | {"budget_minutes": 0}, ["`budget_minutes`", "greater than 0", "but got 0"]),
        (GOOD | {"nmae": "x"}, ["`nmae` is not a field of a job", "the fields are", "name"]),
        (GOOD | {"task": "magic"}, ["`task`", "one of auto, tabular_classification", "but got 'magic'"]),
        (GOOD | {"metric": "accuracy", "task": "tabular_regression"}, ["`metric`", "rmse, mae, r2", "'accuracy'"]),
        (GOOD | {"deadline": "2026-01-01T08:00:00"}, ["`deadline`", "timezone"]),
        (GOOD | {"exclude_columns": ["price"]}, ["`exclude_columns`", "target", "'price'"]),
        (GOOD | {"warm_start": ["runs/1"], "agent": "random"}, ["`warm_start`", "'ppo'", "'random'"]),
        (GOOD | {"name": "../up"}, ["`name`", "pattern", "'../up'"]),
        (GOOD | {"algorithm": "magic"}, ["`algorithm`", "'layerwise' or 'whole'", "'magic'"]),
    ],
)
def test_each_mistake_is_named_with_its_rule_and_value(fields, words):
    with pytest.raises(JobError) as error:
        parse_job(fields)
    assert all(word in str(error.value) for word in words)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(JobError) as error:
        parse_job({"budget_minutes": -1, "algorithm": "x", "extra": 1})
    assert len(error.value.problems) == 5


def test_empty_fields_of_a_form_mean_their_defaults():
    job = parse_job(GOOD | {"test_uri": "", "deadline": None, "budget_minutes": None})
    assert (job.test_uri, job.deadline, job.budget_minutes) == (None, None, 10.0)


def test_every_field_has_a_title_a_help_text_and_a_type_that_the_form_understands():
    schema = form_schema()
    assert list(schema)[:2] == ["dataset_uri", "target"]
    assert set(schema) == set(Job.model_fields)
    for field in schema.values():
        assert {"title", "description", "type"} <= set(field)
        assert not {"anyOf", "$ref"} & set(field)


def test_the_command_asks_for_the_job_again():
    job = parse_job(GOOD | {"max_layers": 4, "compare_random": True, "exclude_columns": ["a b"], "test_uri": "t.csv"})
    line = shell_command(job)
    assert line.startswith("nas run --dataset-uri data.csv --target price ")
    assert "--max-layers 4" in line
    assert "--compare-random" in line.split()
    assert """--exclude-columns '["a b"]'""" in line
    assert "--epochs" not in line
    assert "--test-uri hidden" in shell_command(job, lambda text: "hidden")
