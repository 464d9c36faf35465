"""From a dataset to a trained network: triggered by a person, a service or `airflow dags test`."""

from __future__ import annotations

from airflow.sdk import DAG

from nas_core.operators.params import job_params
from nas_core.operators.stages import (
    ExportOperator,
    PrepareOperator,
    ReportOperator,
    SearchOperator,
    TrainOperator,
)

with DAG(
    "generate_network",
    description="Designs, trains and exports a neural network for a dataset",
    doc_md=__doc__,
    schedule=None,
    params=job_params(),
    max_active_runs=1,  # one search at a time has the machine; the next runs wait, and are seen waiting
    is_paused_upon_creation=False,  # a paused DAG queues its runs without a word
    tags=["nas"],
):
    prepare = PrepareOperator(task_id="prepare")
    search = SearchOperator(task_id="search", run=prepare.output)
    train = TrainOperator(task_id="train", run=search.output)
    export = ExportOperator(task_id="export", run=train.output)
    report = ReportOperator(task_id="report", run=export.output)
