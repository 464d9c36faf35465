"""The job: everything a user asks for, as one flat, frozen, validated object.

Each package declares the settings that it owns; this module joins them. The JSON schema that follows is the single
source of Airflow's trigger form, of what REST accepts, of the CLI's options and of ``docs/job.md``.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError, model_validator

from nas_core.agents.settings import AgentSettings
from nas_core.data.address import shown
from nas_core.data.settings import DataSettings
from nas_core.envs.settings import EnvSettings
from nas_core.errors import JobError
from nas_core.evaluation.settings import EvaluationSettings
from nas_core.inputs.settings import InputSettings
from nas_core.report.settings import ReportSettings
from nas_core.runs.settings import RunSettings
from nas_core.search.settings import SearchSettings
from nas_core.settings import Settings
from nas_core.space.settings import SpaceSettings
from nas_core.targets.settings import TargetSettings
from nas_core.tasks.registry import load_task
from nas_core.tasks.settings import TaskSettings
from nas_core.training.settings import TrainingSettings

# The order is the order of the form.
PARTS: tuple[type[Settings], ...] = (
    DataSettings,
    RunSettings,
    TaskSettings,
    EnvSettings,
    SearchSettings,
    AgentSettings,
    SpaceSettings,
    InputSettings,
    TargetSettings,
    TrainingSettings,
    EvaluationSettings,
    ReportSettings,
)
FIELDS = tuple(field for part in PARTS for field in part.model_fields)


class Job(
    DataSettings,
    RunSettings,
    TaskSettings,
    EnvSettings,
    SearchSettings,
    AgentSettings,
    SpaceSettings,
    InputSettings,
    TargetSettings,
    TrainingSettings,
    EvaluationSettings,
    ReportSettings,
):
    """What was asked: dataset, target, budget and every setting of the packages. Flat, frozen, JSON."""

    @model_validator(mode="after")
    def _fields_agree(self) -> Job:
        if self.target in self.exclude_columns:
            raise ValueError(f"`exclude_columns` must not hold the target, but got {self.target!r} in both.")
        if self.group_column == self.target:
            raise ValueError(f"`group_column` must not be the target, but got {self.target!r} for both.")
        if self.task != "auto" and self.metric not in ("auto", *load_task(self.task).metrics):
            allowed = ", ".join(load_task(self.task).metrics)
            raise ValueError(f"`metric` must be one of {allowed} for the task {self.task}, but got {self.metric!r}.")
        return self


def parse_job(fields: Mapping[str, Any]) -> Job:
    """Validate `fields` (the keys of a `conf`, a form or a JSON file) into a job.

    Empty values ("" and null) of fields with a default mean that default, as forms send them.

    Raises:
        JobError: with one line a field that breaks its rule, unknown fields included.
    """
    known = Job.model_fields
    given = {k: v for k, v in fields.items() if not (v in (None, "") and k in known and not known[k].is_required())}
    try:
        return Job.model_validate(given)
    except ValidationError as error:
        raise JobError(*map(_problem, error.errors())) from None


def _problem(error: Any) -> str:
    """One pydantic error as: field, rule, value received."""
    field = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"`{field}` is not a field of a job; the fields are {', '.join(sorted(Job.model_fields))}."
    if error["type"] == "missing":
        return f"`{field}` is required, but was not given."
    message = error["msg"].removeprefix("Value error, ")
    if not field:
        return str(message)
    rule = message.rstrip(".")
    rule = rule[0].lower() + rule[1:]
    got = error["input"]
    return f"`{field}`: {rule}, but got {(shown(got) if isinstance(got, str) else got)!r}."


def job_json(job: Job) -> str:
    """The job as the text of ``job.json``, every field spelled out."""
    return json.dumps(job.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def shell_command(job: Job, shown: Callable[[Any], Any] = str) -> str:
    """The ``nas run`` command that asks for `job`: the fields that differ from their defaults.

    `shown` says how a text may be shown, for addresses that hold a secret.
    """
    parts = ["nas", "run"]
    asked = job.model_dump(mode="json", exclude_defaults=True)
    for name in filter(asked.__contains__, FIELDS):
        option, value = name.replace("_", "-"), asked[name]
        if isinstance(value, bool):
            parts.append(f"--{option}" if value else f"--no-{option}")
        else:
            parts += [f"--{option}", shown(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
    return shlex.join(parts)


def form_schema() -> dict[str, dict[str, Any]]:
    """A JSON schema for each field, in the order of the form, in the dialect that Airflow's form understands.

    Optional fields are ``type: [x, "null"]`` (not `anyOf`), enums are inline, each has `title`, `description`,
    `default` where there is one, and `section` unless it is always open.
    """
    properties = Job.model_json_schema()["properties"]
    sections = {field: part.section for part in PARTS for field in part.__annotations__ if field in properties}
    schema = {}
    for part in PARTS:
        for field in part.model_fields:
            schema[field] = _flat(properties[field], sections.get(field)) | _made_default(field)
    return schema


def _made_default(field: str) -> dict[str, Any]:
    """The default of a field that makes a new one each time; pydantic's schema leaves it out."""
    factory = Job.model_fields[field].default_factory
    return {} if factory is None else {"default": factory()}  # type: ignore[call-arg]


def _flat(field: dict[str, Any], section: str | None) -> dict[str, Any]:
    flat = {"section": section, **field}
    if flat["section"] is None:
        del flat["section"]
    options = flat.pop("anyOf", None)
    if options:
        (option,) = [o for o in options if o.get("type") != "null"]
        flat |= option | {"type": [option["type"], "null"]}
    return flat
