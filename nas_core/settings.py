"""The base of every settings class: frozen, unknown keys refused, each field with a title and a help text."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Fields that one package owns; the :class:`nas_core.job.Job` joins them all.

    `section` is the heading under which Airflow's form and the CLI's help show the fields; None means that
    they are always open. A field overrides it with ``json_schema_extra={"section": …}``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, str_strip_whitespace=True)

    section: ClassVar[str | None] = None
