"""The DAGs as Airflow reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nas_core.job import form_schema
from nas_core.stage import STAGES

DAGS = Path(__file__).parents[2] / "dags"


@pytest.fixture(scope="module")
def dags():
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(DAGS))
    assert not bag.import_errors
    return bag.dags


@pytest.mark.parametrize("name", ["generate_network", "scheduled_network"])
def test_a_dag_is_a_row_of_the_stages(dags, name):
    dag = dags[name]
    assert [task.task_id for task in dag.topological_sort()] == list(STAGES)
    assert [sorted(task.upstream_task_ids) for task in dag.topological_sort()] == [[], *([s] for s in STAGES[:-1])]
    assert dag.max_active_runs == 1


def test_the_form_has_every_field_of_the_job(dags):
    params = dags["generate_network"].params
    assert set(params) == set(form_schema())
    assert params.get_param("budget_minutes").schema["exclusiveMinimum"] == 0


def test_a_scheduled_dag_waits_for_its_person_and_a_triggered_one_does_not(dags):
    assert dags["scheduled_network"].is_paused_upon_creation
    assert dags["generate_network"].is_paused_upon_creation is False


def test_stages_can_be_placed():
    from nas_core.operators.stages import SearchOperator

    search = SearchOperator(
        task_id="search", run="r", queue="gpu", pool="gpus", executor_config={"pod_override": {}}, retries=0
    )
    assert (search.queue, search.pool, search.retries) == ("gpu", "gpus", 0)
    assert search.executor_config == {"pod_override": {}}
