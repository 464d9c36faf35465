"""What the data is and which column is to be predicted."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from nas_core.data.address import FILE_SCHEMES, holds_password, scheme
from nas_core.data.readers.dialect import Dialect
from nas_core.settings import Settings

ColumnType = Literal["numeric", "categorical", "boolean", "date", "text", "id", "ignore"]

_FORMAT: dict[str, Any] = {"section": "Format"}
_SPLIT: dict[str, Any] = {"enum": ["auto", "time", "random"], "section": "Data"}
_DUPLICATES: dict[str, Any] = {"enum": ["together", "drop", "keep"], "section": "Data"}
_LEAKING: dict[str, Any] = {"enum": ["set aside", "keep"], "section": "Data"}
_AUGMENTATION: dict[str, Any] = {"enum": ["auto", "off", "light", "strong"], "section": "Data"}
_PLACES: dict[str, Any] = {"enum": ["machine", "ray"], "section": "Data"}
_CHARACTERS = {"tab": "\t", "space": " "}  # forms and shells lose them


class DataSettings(Settings):
    dataset_uri: str = Field(
        title="Dataset",
        min_length=1,
        examples=["/data/customers.csv", "s3://bucket/customers.parquet", "https://example.org/customers.csv"],
    )
    """Address of the table: a path, `s3://…`, `http(s)://…` or a database (`airflow://connection`); a file, a folder,
    or a pattern such as `sales/*.csv` for files that belong together. CSV, Excel, Parquet, JSON Lines or Arrow. Or of
    pictures: a folder, zip or tar archive with a folder a class (the target is then `label`), or with a table that
    names them; or arrays (`.npz`)."""

    target: str = Field(title="Target", min_length=1)
    """Name of the column to predict; `label` for pictures in a folder a class."""

    test_uri: str | None = Field(None, title="Test file", json_schema_extra={"section": "Data"})
    """Address of a table with rows kept for the final measurement. Empty: a part of the dataset is kept aside."""

    query: str | None = Field(None, title="Query", examples=["SELECT * FROM customers"], json_schema_extra=_FORMAT)
    """What to ask when the dataset is a database: a query that gives the rows."""

    image_folder: str | None = Field(None, title="Picture folder", json_schema_extra=_FORMAT)
    """Where the pictures are that a table names: a folder, an archive or `s3://…/`. Empty: beside the table."""

    image_size: int = Field(0, ge=0, le=1024, title="Picture size", json_schema_extra=_FORMAT)
    """Pictures are brought to a size whose longer side has so many pixels. 0: chosen from the pictures
    and the budget."""

    augmentation: str = Field("auto", title="Augmentation", json_schema_extra=_AUGMENTATION)
    """How much pictures are changed at random while a network learns: turned, moved, zoomed, flipped; `strong` also
    their contrast and colours, with a part blanked, laid over each other. `auto`: little, and what the data show to be
    harmless."""

    sheet: str | None = Field(None, title="Sheet", json_schema_extra=_FORMAT)
    """The sheet of a workbook. Empty: the first that holds a table."""

    file_column: str | None = Field(None, title="File column", json_schema_extra=_FORMAT)
    """A column to add that holds the name of each row's file, when there are many."""

    encoding: str | None = Field(None, title="Encoding", examples=["utf-8", "cp1251"], json_schema_extra=_FORMAT)
    """Encoding of a text file. Empty: found from the content, as are the following."""

    delimiter: str | None = Field(None, title="Delimiter", examples=[",", ";", "tab"], json_schema_extra=_FORMAT)
    """What parts the cells of a text file: a character, `tab` or `space`."""

    quote: str | None = Field(None, title="Quote", min_length=1, max_length=1, json_schema_extra=_FORMAT)
    """What stands round cells of a text file that hold a delimiter."""

    decimal: str | None = Field(None, title="Decimal mark", examples=[".", ","], json_schema_extra=_FORMAT)
    """What parts a number's whole and fraction: `.` or `,`."""

    thousands: str | None = Field(None, title="Thousands mark", examples=[",", "space"], json_schema_extra=_FORMAT)
    """What parts a number's thousands: a character, `space` or `none`."""

    header: str = Field("auto", title="Header", json_schema_extra={"enum": ["auto", "yes", "no"], **_FORMAT})
    """Whether the first line names the columns. Without names they are called `column 1`, `column 2`, …"""

    skip_rows: int | None = Field(None, ge=0, title="Lines to skip", json_schema_extra=_FORMAT)
    """Lines above the table in a text file or sheet."""

    exclude_columns: tuple[str, ...] = Field((), title="Columns to leave out", json_schema_extra={"section": "Data"})
    """Columns that the network must not see."""

    column_types: dict[str, ColumnType] = Field(
        default_factory=dict, title="Column types", json_schema_extra={"section": "Data"}
    )
    """Types that the service should not guess, for instance `{"zip": "categorical"}`."""

    group_column: str | None = Field(None, title="Group column", json_schema_extra={"section": "Data"})
    """Rows with one value of this column (a customer, a patient) stay together in one part of the split."""

    split: str = Field("auto", title="Split", json_schema_extra=_SPLIT)
    """How rows are split. `time`: the last ones test, those before validate. `random`: by chance. `auto`: in time
    when a column of dates orders the rows, else by chance."""

    time_column: str | None = Field(None, title="Time column", json_schema_extra={"section": "Data"})
    """The column of dates or numbers that orders the rows in time. Empty: the first one that holds dates."""

    valid_fraction: float = Field(
        0.15, gt=0, lt=0.5, title="Share for validation", json_schema_extra={"section": "Data"}
    )
    """Share of the rows on which candidates are compared."""

    test_fraction: float = Field(0.15, gt=0, lt=0.5, title="Share for the test", json_schema_extra={"section": "Data"})
    """Share of the rows kept for the final measurement when there is no test file."""

    compare_with: str = Field("latest", title="Earlier run", json_schema_extra={"section": "Data"})
    """Columns that are not as an earlier run had them are named: gone, new, of another type, with new categories.
    `latest`: the latest run of this name, if its data are alike; `none`; or the address of a run."""

    duplicates: str = Field("together", title="Duplicates", json_schema_extra=_DUPLICATES)
    """What becomes of rows that are equal: they go to one part of the split, all but the first are dropped, or kept."""

    leaking_columns: str = Field("set aside", title="Leaking columns", json_schema_extra=_LEAKING)
    """What becomes of columns that tell the target alone."""

    missing_codes: bool = Field(True, title="Missing codes", json_schema_extra={"section": "Data"})
    """Whether numbers such as -999, far from all others, count as missing."""

    prepare_on: str = Field("machine", title="Prepare on", json_schema_extra=_PLACES)
    """Where the table is read and written as arrays: on this `machine`, or on `ray`, at the Ray address."""

    show_rows: bool = Field(True, title="Show values", json_schema_extra={"section": "Data"})
    """Whether values of single rows may stand in reports and logs. No: for personal data."""

    @field_validator("dataset_uri", "test_uri")
    @classmethod
    def _without_password(cls, value: str | None) -> str | None:
        if value and holds_password(value):
            raise ValueError("must not hold a password, which belongs into an Airflow connection or the environment")
        return value

    @field_validator("delimiter", "thousands", "decimal")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value is not None and value != "none" and len(_CHARACTERS.get(value, value)) != 1:
            raise ValueError(f"must be one character or one of {', '.join(_CHARACTERS)}")
        return value

    @field_validator("decimal")
    @classmethod
    def _point_or_comma(cls, value: str | None) -> str | None:
        if value not in (None, ".", ","):
            raise ValueError("must be . or ,")
        return value

    @field_validator("header")
    @classmethod
    def _yes_or_no(cls, value: str) -> str:
        if value not in ("auto", "yes", "no"):
            raise ValueError("must be one of auto, yes, no")
        return value

    @field_validator("duplicates", "leaking_columns", "split", "prepare_on", "augmentation")
    @classmethod
    def _one_of(cls, value: str, info: ValidationInfo) -> str:
        fields = {"duplicates": _DUPLICATES, "leaking_columns": _LEAKING, "split": _SPLIT, "prepare_on": _PLACES}
        fields["augmentation"] = _AUGMENTATION
        allowed = fields[str(info.field_name)]["enum"]
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    @model_validator(mode="after")
    def _query_with_database(self) -> DataSettings:
        is_file = scheme(self.dataset_uri) in FILE_SCHEMES
        if self.query and is_file:
            raise ValueError(f"`query` must be empty when `dataset_uri` is no database, but got {self.query!r}.")
        return self

    @model_validator(mode="after")
    def _one_split(self) -> DataSettings:
        if self.time_column and self.split == "random":
            raise ValueError(f"`time_column` must be empty when `split` is random, but got {self.time_column!r}.")
        if self.time_column == self.target:
            raise ValueError(f"`time_column` must not be the target, but got {self.target!r} for both.")
        if self.group_column and self.is_split_in_time:
            raise ValueError(
                f"`group_column` must be empty when rows are split in time, but got {self.group_column!r}."
            )
        return self

    @property
    def is_split_in_time(self) -> bool:
        """Whether the job asks for a split in time, whatever `auto` would find."""
        return self.split == "time" or self.time_column is not None

    def dialect(self) -> Dialect:
        """How the job says that its tables are written."""
        thousands = "" if self.thousands == "none" else self.thousands
        return Dialect(
            encoding=self.encoding,
            delimiter=_CHARACTERS.get(self.delimiter or "", self.delimiter),
            quote=self.quote,
            decimal=self.decimal,
            thousands=_CHARACTERS.get(thousands or "", thousands),
            header={"yes": True, "no": False}.get(self.header),
            skip_rows=self.skip_rows,
            sheet=self.sheet,
        )
