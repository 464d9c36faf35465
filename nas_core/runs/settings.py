"""Where a run lives and what it is called."""

from __future__ import annotations

from pydantic import Field, field_validator

from nas_core.settings import Settings


class RunSettings(Settings):
    name: str = Field("network", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", title="Name")
    """Name of the job; its runs lie in a folder of this name. Letters, digits, `_`, `-` and `.`."""

    root: str | None = Field(None, title="Root", json_schema_extra={"section": "Storage"})
    """Folder or `s3://bucket/prefix` below which runs are kept. Empty: the service's own (`NAS_ROOT`, else `runs`)."""

    destination: str | None = Field(None, title="Destination", json_schema_extra={"section": "Storage"})
    """Folder or `s3://bucket/prefix` that receives a copy of the exported model and the report."""

    @field_validator("root", "destination")
    @classmethod
    def _folder_or_s3(cls, value: str | None) -> str | None:
        scheme, found, rest = (value or "").partition("://")
        if found and (scheme != "s3" or not rest.partition("/")[0]):
            raise ValueError("must be a folder or look like s3://bucket/prefix")
        return value
