"""Reads one sheet of a workbook in a process of its own: ``python -m nas_core.data.readers.workbook IN OUT [SHEET]``.

A damaged workbook can end the process that reads it: calamine's library asks for memory as the file says, and aborts.
OUT receives JSON: `sheets` (all names), `name` of the one that was read, and its `rows` as texts.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

MOST_BYTES = 8 << 30  # of address space
MOST_BYTES_OLD = 2 << 30  # for .xls, which has at most 65,536 rows of 256 columns


def read(path: str, sheet: str | None) -> dict[str, Any]:
    """The sheet asked for, when there is one of this name, else the first visible one that has rows."""
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(path) as book:
        names = book.sheet_names
        visible = [each.name for each in book.sheets_metadata if str(each.visible).endswith("Visible")]
        candidates = [name for name in names if name == sheet] if sheet is not None else visible or names
        found: dict[str, Any] = {"sheets": names, "name": None, "rows": []}
        for name in candidates:
            rows = [list(map(_text, row)) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=True)]
            found |= {"name": name, "rows": rows}
            if len(rows) > 1:
                break
    return found


def _text(cell: Any) -> str | None:
    from nas_core.data.readers.reader import cell_text

    return cell_text(cell) if cell != "" else None


def main() -> None:
    """Write the sheet, or end with the reason on stderr."""
    source, target, *sheet = sys.argv[1:]
    with Path(source).open("rb") as file:
        most = MOST_BYTES if file.read(2) == b"PK" else MOST_BYTES_OLD
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        found = read(source, sheet[0] if sheet else None)
    except BaseException as error:  # a panic of calamine is no Exception
        sys.exit(str(error)[:200] or type(error).__name__)
    Path(target).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
