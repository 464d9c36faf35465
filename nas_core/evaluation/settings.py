"""How candidates are trained while the search runs."""

from __future__ import annotations

from pydantic import Field

from nas_core.settings import Settings


class EvaluationSettings(Settings):
    section = "Resources"

    candidate_epochs: int = Field(
        6, ge=1, le=1000, title="Epochs of a candidate", json_schema_extra={"section": "Search"}
    )
    """Each candidate is trained for this many passes over the training rows."""

    n_workers: int = Field(0, ge=0, le=1024, title="Workers")
    """Candidates trained at the same time. 0: one a core, or as many as the GPUs hold."""

    gpus_per_candidate: float = Field(0.0, ge=0, le=16, title="GPUs per candidate")
    """Share of a GPU that a candidate takes; 0.25 puts four on one GPU."""

    ray_address: str | None = Field(None, title="Ray address")
    """Address of a Ray cluster. Empty: this machine alone."""
