"""How candidates are trained while the search runs."""

from __future__ import annotations

from pydantic import Field

from nas_core.settings import Settings


class EvaluationSettings(Settings):
    section = "Resources"

    candidate_epochs: int = Field(
        0, ge=0, le=1000, title="Epochs of a candidate", json_schema_extra={"section": "Search"}
    )
    """Each candidate makes this many passes over its rows. 0: 6, of pictures 4, or more where these are few."""

    candidate_share: float = Field(
        0.0, ge=0, le=1, title="Share of the rows for a candidate", json_schema_extra={"section": "Search"}
    )
    """Each candidate learns from this share of the rows, and is judged by it or by 2,000 rows; the best ones are then
    trained on all. 0: all rows, or, where they are many, so few that the budget is enough for dozens of candidates."""

    folds: int = Field(0, ge=0, le=20, title="Folds", json_schema_extra={"section": "Search"})
    """Networks are judged by cross-validation with this many folds; the model is then the mean of as many networks.
    1: by one part of the rows that is held out. 0: 5 where fewer than 2,000 rows are there to learn from, else 1."""

    n_workers: int = Field(0, ge=0, le=1024, title="Workers")
    """Candidates trained at the same time. 0: one a core, or as many as the GPUs hold."""

    gpus_per_candidate: float = Field(0.0, ge=0, le=16, title="GPUs per candidate")
    """Share of a GPU that a candidate takes; 0.25 puts four on one GPU."""

    ray_address: str | None = Field(None, title="Ray address")
    """Address of a Ray cluster. Empty: this machine alone."""
