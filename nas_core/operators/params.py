"""The trigger form of a DAG, from the job's schema."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from nas_core.job import form_schema


def job_params() -> dict[str, Param]:
    """One param for each field of a job, for ``DAG(params=…)``: Airflow's form, and what REST accepts."""
    return {name: _param(field) for name, field in form_schema().items()}


def _param(field: dict[str, Any]) -> Param:
    """A field without a default stays without one, so that Airflow asks for it."""
    default = {"default": field["default"]} if "default" in field else {}
    text = {"description_md": field["description"]}  # the form renders it
    return Param(**default, schema=_without(field, "default", "description") | text)


def _without(field: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in field.items() if key not in keys}
