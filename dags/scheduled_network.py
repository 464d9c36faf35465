"""A new network for the newest data every week.

Set the Airflow Variables `nas_dataset` (an address) and `nas_target` (a column), then unpause it. They are read when a
run begins, so parsing needs none.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG

from nas_core.operators.stages import (
    ExportOperator,
    PrepareOperator,
    ReportOperator,
    SearchOperator,
    TrainOperator,
)

with DAG(
    "scheduled_network",
    description="Makes a new network for the newest data every week",
    doc_md=__doc__,
    schedule="@weekly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    tags=["nas"],
):
    prepare = PrepareOperator(
        task_id="prepare",
        job={
            "name": "weekly",
            "dataset_uri": "{{ var.value.nas_dataset }}",
            "target": "{{ var.value.nas_target }}",
            "budget_minutes": "{{ var.value.get('nas_budget_minutes', 10) }}",
        },
    )
    search = SearchOperator(task_id="search", run=prepare.output)
    train = TrainOperator(task_id="train", run=search.output)
    export = ExportOperator(task_id="export", run=train.output)
    report = ReportOperator(task_id="report", run=export.output)
