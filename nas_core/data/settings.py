"""What the data is and which column is to be predicted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nas_core.settings import Settings

ColumnType = Literal["numeric", "categorical", "boolean", "date", "text", "id", "ignore"]


class DataSettings(Settings):
    dataset_uri: str = Field(
        title="Dataset",
        min_length=1,
        examples=["/data/customers.csv", "s3://bucket/customers.parquet", "https://example.org/customers.csv"],
    )
    """Address of the table: a path, `s3://…` or `http(s)://…`; CSV or Parquet."""

    target: str = Field(title="Target", min_length=1)
    """Name of the column to predict."""

    test_uri: str | None = Field(None, title="Test file", json_schema_extra={"section": "Data"})
    """Address of a table with rows kept for the final measurement. Empty: a part of the dataset is kept aside."""

    exclude_columns: tuple[str, ...] = Field((), title="Columns to leave out", json_schema_extra={"section": "Data"})
    """Columns that the network must not see."""

    column_types: dict[str, ColumnType] = Field(
        default_factory=dict, title="Column types", json_schema_extra={"section": "Data"}
    )
    """Types that the service should not guess, for instance `{"zip": "categorical"}`."""

    group_column: str | None = Field(None, title="Group column", json_schema_extra={"section": "Data"})
    """Rows with one value of this column (a customer, a patient) stay together in one part of the split."""

    valid_fraction: float = Field(
        0.15, gt=0, lt=0.5, title="Share for validation", json_schema_extra={"section": "Data"}
    )
    """Share of the rows on which candidates are compared."""

    test_fraction: float = Field(0.15, gt=0, lt=0.5, title="Share for the test", json_schema_extra={"section": "Data"})
    """Share of the rows kept for the final measurement when there is no test file."""
