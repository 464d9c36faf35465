"""One conversion in a process of its own: load, convert, execute, compare, measure.

A converter may crash, hang or hold memory, and the process that asks for it needs no TensorFlow.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from nas_core.data.prepared import Prepared
from nas_core.errors import JobError
from nas_core.export import agreement, keras
from nas_core.export.formats import load_format
from nas_core.export.predict import predictions
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_json
from nas_core.runs.run import Run, open_run

PATIENCE = 300.0  # seconds for one format
# On the CPU, so that both sides of the comparison calculate in full float32.
SURROUNDINGS = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
FOUND = "found.json"
UNUSED = "sklearn"  # Keras imports it where it is installed, for wrappers that nobody uses here: 1.7 s of 8.6 s


class ConversionError(Exception):
    """A format could not be had; the text says why."""


def converted(folder: Path, name: str, work: Path, patience: float = PATIENCE) -> dict[str, Any]:
    """Convert the Keras model of the run in `folder` to the format `name`, in a child process.

    The file lies in the folder `work` then, unless it failed, crashed, took longer than `patience` seconds or disagrees
    with Keras.

    Returns:
        What ``agreement.json`` says of ``keras`` and of `name` (only ``error`` when that failed), and ``seconds``.

    Raises:
        JobError: the Keras model itself cannot be used.
    """
    command = [sys.executable, "-m", "nas_core.export.convert", name, str(folder), str(work)]
    (work / FOUND).unlink(missing_ok=True)
    error = _error_of(command, patience)
    if not (work / FOUND).exists():
        raise JobError(f"train/model.keras must load and give numbers, but {error}: do stage train anew.")
    found: dict[str, Any] = read_json(work / FOUND)
    if error:
        (work / load_format(name).FILE).unlink(missing_ok=True)
        found[name] = {"error": error}
    return found


def _error_of(command: list[str], patience: float) -> str:
    """Run `command`; why it failed, or nothing."""
    surroundings = os.environ | SURROUNDINGS
    try:
        child = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=patience, env=surroundings, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {patience:.0f} s"
    if child.returncode < 0:
        return f"its process was ended by {signal.Signals(-child.returncode).name}"
    if child.returncode > 0:
        return child.stderr.strip().rpartition("\n")[2] or "its process failed without a word"
    return ""


def main(name: str, folder: str, work: str) -> None:
    """In the child: leave what was found in ``found.json``, or say in the last line of stderr why it failed."""
    sys.modules[UNUSED] = None  # type: ignore[assignment]  # the documented way to make its import fail
    try:
        convert_and_compare(open_run(folder), name, Path(work))
    except ConversionError as error:
        sys.exit(str(error))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())[:500]}")


def convert_and_compare(run: Run, name: str, work: Path) -> None:
    """Measure Keras and note it in `work`, then the format: a conversion that fails leaves Keras' facts behind.

    Raises:
        ConversionError: an output is no number, or differs by more than the limit.
    """
    clock, prepared, format_ = _Clock(), Prepared(run), load_format(name)
    unit = agreement.unit_of(prepared.transforms["target"])
    model = keras.load_model(run.path(layout.MODEL))
    clock.note("load")
    raw, forward = agreement.raw_rows(run, prepared), keras.forward_of(model)
    inputs = agreement.compared_inputs(prepared, raw)
    expected = agreement.in_batches(forward, inputs)
    if not np.isfinite(expected).all():
        raise ConversionError("its output is not a number for some rows")
    apart = agreement.predictions_difference(
        predictions(forward, prepared.transforms, raw), agreement.measured_rows(run), unit
    )
    found = {"keras": _facts(forward, inputs, apart, "what train measured")}
    clock.note("keras")
    write_json(work / FOUND, found | {"seconds": clock.seconds})
    format_.convert(model, work / format_.FILE, agreement.calibration_inputs(prepared))
    clock.note("convert")
    forward = format_.load(work / format_.FILE)
    output = agreement.in_batches(forward, inputs)
    apart = agreement.difference(output, expected, unit)
    found[name] = {"bytes": (work / format_.FILE).stat().st_size}
    if format_.IS_EXACT:
        found[name] |= _facts(forward, inputs, apart, "Keras'")
    else:
        found[name] |= _rough_facts(forward, inputs, apart, agreement.lost(prepared, output, expected))
    clock.note("compare")
    write_json(work / FOUND, found | {"seconds": clock.seconds})


def _facts(forward: agreement.Forward, inputs: agreement.Inputs, apart: float, what: str) -> dict[str, Any]:
    if not apart <= agreement.LIMIT:
        raise ConversionError(f"its output differs from {what} by {apart:.3g}, more than {agreement.LIMIT}")
    n = len(next(iter(inputs.values())))
    return {"max_difference": apart, "rows": n} | agreement.speed(forward, inputs)


def _rough_facts(forward: agreement.Forward, inputs: agreement.Inputs, apart: float, lost: float) -> dict[str, Any]:
    """The same of a format that calculates with whole numbers: what counts is the accuracy that it loses."""
    if not lost <= agreement.MOST_LOST:
        raise ConversionError(f"it loses {lost:.2%} of the accuracy, more than {agreement.MOST_LOST:.0%}")
    n = len(next(iter(inputs.values())))
    return {"max_difference": apart, "lost": lost, "rows": n} | agreement.speed(forward, inputs)


class _Clock:
    """Seconds since the start of the process, in parts."""

    def __init__(self) -> None:
        self.last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def note(self, part: str) -> None:
        now = time.perf_counter()
        self.seconds[part] = round(now - self.last, 2)
        self.last = now


if __name__ == "__main__":
    main(*sys.argv[1:])
