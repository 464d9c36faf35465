"""The model card: what the model is, what it learned from, how good it is, where it ends, how to use it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run

CARD = "MODEL_CARD.md"

COPIES = (
    "\n\nThe rows are few, so it was cross-validated: the model is the mean of {} such networks, "
    "each of which learned without another part of the rows to learn from and to choose by."
)
USE = """```python
from pathlib import Path
import pyarrow.csv
from nas_core.export.predict import predict
rows = pyarrow.csv.read_csv("rows.csv")
print(predict(Path("export"), rows))
```

The rows need the columns above, with the names and units of the training data; values may be missing. The same from a
shell: `nas predict RUN rows.csv`. Neither needs TensorFlow: `model.tflite` runs with LiteRT, on phones too, and
`transforms.json` says how raw values become its inputs. `model.keras` is for training it further."""


def model_card(run: Run, name: str) -> str:
    """The text of ``MODEL_CARD.md``, from what prepare, train and the formats left in the run's folder."""
    schema, metrics = read_json(run.path(layout.SCHEMA)), read_json(run.path(layout.METRICS))
    parts = [
        f"# {_text(name)}",
        _what(schema, read_json(run.path(layout.ARCHITECTURE)), metrics["folds"], metrics.get("others", [])),
        "## Data\n\n" + _data(schema),
        "## How good it is\n\n" + _figures(schema, metrics),
        "## Exported files\n\n" + _formats(read_json(run.path(layout.AGREEMENT))),
        "## Limits\n\n" + _limits(schema),
        "## Use\n\n" + USE,
    ]
    return "\n\n".join(parts) + "\n"


def _what(schema: dict[str, Any], architecture: dict[str, Any], n_copies: int, others: list[str]) -> str:
    layers = " › ".join(_layer(layer) for layer in architecture["layers"])
    task, target = schema["task"].replace("_", " "), _text(schema["target"])
    return (
        f"A neural network that predicts **{target}** ({task}). It was designed for this data by a search over "
        f"architectures and has {architecture['parameters']:,} trainable weights:\n\n{layers}"
        + (COPIES.format(n_copies) if n_copies > 1 else "")
        + (f"\n\nThe model is the mean of it and of: {', '.join(map(_text, others))}." if others else "")
    )


def _layer(layer: dict[str, Any]) -> str:
    return " ".join([_text(layer["layer"]), *(_text(value) for value in layer["params"].values())])


def _data(schema: dict[str, Any]) -> str:
    rows = schema["n_rows"]
    counts = f"{rows['train']:,} rows to learn from, {rows['valid']:,} to choose by, {rows['test']:,} to measure on."
    features = [(c["name"], c["type"]) for c in schema["columns"] if c["role"] == "feature"]
    aside = [(c["name"], c.get("reason") or "") for c in schema["columns"] if c["role"] == "set aside"]
    parts = [counts, _table(("column", "type"), features)]
    if aside:
        parts += ["Not used:", _table(("column", "reason"), aside)]
    return "\n\n".join(parts)


def _figures(schema: dict[str, Any], metrics: dict[str, Any]) -> str:
    columns = {"this model": metrics["test"], **metrics["baselines"]}
    rows = [(name, *(_number(figures.get(name)) for figures in columns.values())) for name in metrics["test"]]
    note = f"Measured on the {schema['n_rows']['test']:,} test rows, which neither the search nor the training saw."
    return f"{note} The search improved `{metrics['metric']}`.\n\n" + _table(("metric", *columns), rows)


def _formats(agreement: dict[str, Any]) -> str:
    rows = []
    for name, facts in agreement.items():
        if "error" in facts:
            rows.append((name, "not exported", facts["error"], "", ""))
        else:
            difference, latency = f"{facts['max_difference']:.1e}", f"{facts['latency_ms']:.3g} ms"
            rows.append((name, f"{facts['bytes']:,}", difference, latency, f"{facts['rows_per_second']:,.0f}"))
    note = "The difference is the largest of a probability (of a number: in its standard deviations) over test rows."
    return f"{note}\n\n" + _table(("format", "bytes", "difference", "one row", "rows a second"), rows)


def _limits(schema: dict[str, Any]) -> str:
    n_test = schema["n_rows"]["test"]
    chance = "take them as rough" if n_test < 1_000 else "differences in the third digit may be chance"
    limits = (
        "It knows what its training rows show. Rows of another time, place or way of measuring may be predicted worse "
        "than the figures above say: measure it on such rows first.",
        "Numbers far outside the range of the training rows count for little more than its ends. Words not seen in "
        "training and missing values are allowed, and treated as such.",
        f"The figures rest on {n_test:,} test rows: {chance}.",
        "It follows what goes together in the data, not what causes what. Whether it treats groups of people alike was "
        "not examined.",
    )
    return "\n".join(f"- {limit}" for limit in limits)


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    lines = [[_text(cell) for cell in row] for row in (head, *rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.6g}"


def _text(value: Any) -> str:
    """What came with the data, so that it cannot act as Markdown or HTML."""
    text = " ".join(str(value).split())
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, "\\" + sign)
    return text
