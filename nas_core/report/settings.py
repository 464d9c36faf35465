"""What a person may ask of the report."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nas_core.settings import Settings


class ReportSettings(Settings):
    language: Literal["en", "ru"] = Field("en", title="Language", json_schema_extra={"section": "Report"})
    """Language of the report."""
