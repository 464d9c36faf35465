"""The command line: ``nas run|stage|show|predict|stop|job-docs``. Results go to stdout, logs to stderr.

Exit codes: 0 done, 2 the user must act (each problem is a line on stderr), 1 anything else.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nas_core import child, stage
from nas_core.errors import JobError
from nas_core.job import form_schema, parse_job
from nas_core.runs import layout
from nas_core.runs.records import write_text
from nas_core.runs.run import open_run
from nas_core.runs.store import StoreAwayError

STAMPED = "%(asctime)s  %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = _parser().parse_args(arguments)
    try:
        args.command(args)
    except StoreAwayError as error:  # it may be back at the next try
        _say(f"failed: {error}")
        return 1
    except JobError as error:
        for problem in error.problems:
            _say(f"{child.PROBLEM}{' '.join(problem.split())}")
        return child.USER_MUST_ACT
    except child.StageError as error:
        _say(f"failed: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        cause = getattr(error, "cause", error)  # Ray wraps those of its workers
        if cause.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _say(f"failed: {cause.strerror}. Make space and do it again: it goes on where it was.")
        return 1
    return 0


def run(args: argparse.Namespace) -> None:
    """Go the whole way; the run's folder is the last line of stdout."""
    done = child.run_stages(parse_job(_job_fields(args)), _stamped, args.run_id)
    _print(done.address)


def do_stage(args: argparse.Namespace) -> None:
    """Do one stage, or nothing when it is done."""
    if args.die_with:
        child.die_with(args.die_with)
    child.give_way()
    handler = logging.StreamHandler()
    handler.setFormatter(child.ChildFormatter() if args.die_with else logging.Formatter(STAMPED, "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("nas").setLevel(logging.INFO)
    stage.execute(args.stage, open_run(args.address), anew=args.anew)


def show(args: argparse.Namespace) -> None:
    """What a run holds and how good its model is."""
    from nas_core.report import show as report

    summary = report.summary(open_run(args.address))
    _print(json.dumps(summary, indent=2, ensure_ascii=False) if args.json else report.text(summary))


def predict(args: argparse.Namespace) -> None:
    """Predictions for the rows of a table (CSV or Parquet), or for pictures, as CSV, in their order."""
    from nas_core.export.predict import predict_file, write_csv

    opened = open_run(args.address)
    opened.store.pull(layout.EXPORT)
    answer = predict_file(opened.path(layout.EXPORT), Path(args.rows))
    write_csv(answer, args.output or sys.stdout.buffer)


def stop(args: argparse.Namespace) -> None:
    """Ask the running search to stop and keep the best."""
    opened = open_run(args.address)
    opened.read_job()
    write_text(opened.path(layout.STOP), datetime.now(UTC).isoformat(timespec="seconds") + "\n")
    opened.store.push(layout.STOP)


def job_docs(_: argparse.Namespace) -> None:
    """The reference of the job's fields, as ``docs/job.md`` holds it."""
    _print(job_markdown(), end="")


def job_markdown() -> str:
    """``docs/job.md``: a table of the fields of each section, from the job's schema."""
    parts = [_DOCS_HEAD]
    for section, fields in _sections().items():
        parts.append(f"\n## {section}\n\n| field | value | default | what it is |\n|---|---|---|---|\n")
        parts += [f"| `{name}` | {_kind(field)} | {_default(field)} | {_cell(field)} |\n" for name, field in fields]
    return "".join(parts)


_DOCS_HEAD = """# The job

What may be asked of the service: the fields of Airflow's form, of a DAG run's `conf`, of a JSON file for
`nas run --job` and, in kebab case, of the command line (`--budget-minutes 5`). Unknown fields are refused. This page is
made by `nas job-docs` from the job's schema.
"""


def _kind(field: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    limits = [f"{word} {field[key]}" for key, word in _LIMITS.items() if key in field]
    return ", ".join([kind for kind in kinds if kind != "null"] + limits)


_LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def _default(field: dict[str, Any]) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else "required"


def _cell(field: dict[str, Any]) -> str:
    return " ".join(field["description"].split()).replace("|", "\\|")


def _sections() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """The fields of a job by section; those without one come first."""
    sections: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for name, field in form_schema().items():
        sections.setdefault(field.get("section", "Main"), []).append((name, field))
    return sections


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nas", description="Turn a dataset into a neural network.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)

    one = _command(commands, "stage", do_stage, "do one stage of a run, or nothing when it is done")
    one.add_argument("stage", metavar="NAME", help=", ".join(stage.STAGES))
    _address(one)
    one.add_argument("--anew", action="store_true", help="do it again although it is done")
    one.add_argument("--die-with", type=int, metavar="PID", help="end when this parent process does")

    shown = _command(commands, "show", show, "say what a run holds and how good its model is")
    _address(shown)
    shown.add_argument("--json", action="store_true", help="for machines")

    predicted = _command(commands, "predict", predict, "predict the rows of a table, or pictures, with a run's model")
    _address(predicted)
    predicted.add_argument("rows", metavar="rows.csv")
    predicted.add_argument("--output", metavar="FILE", help="where the CSV goes; default: stdout")

    _address(_command(commands, "stop", stop, "ask a running search to stop and keep the best"))
    _command(commands, "job-docs", job_docs, "print the reference of the job's fields")
    return parser


def _command(commands: Any, name: str, act: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=act.__doc__)
    parser.set_defaults(command=act)
    return parser


def _address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="RUN", help="the run's folder or s3://bucket/prefix")


def _add_run(commands: Any) -> None:
    """``nas run`` with one option a field of the job; the job itself judges their values, all at once."""
    parser = _command(commands, "run", run, "go the whole way from a dataset to a trained network")
    parser.add_argument("--run-id", help="name of the run's folder; default: the present second")
    parser.add_argument("--job", metavar="FILE", help="JSON file with fields of the job; options override it")
    for section, fields in _sections().items():
        group = parser.add_argument_group(section)
        for name, field in fields:
            _add_option(group, name, field)


def _add_option(group: Any, name: str, field: dict[str, Any]) -> None:
    option, text = f"--{name.replace('_', '-')}", _cell(field).replace("%", "%%")
    more: dict[str, Any] = {"dest": f"job.{name}", "default": argparse.SUPPRESS, "help": text}
    if field["type"] == "boolean":
        group.add_argument(option, action=argparse.BooleanOptionalAction, **more)
    elif field["type"] == "array":
        group.add_argument(option, action="append", metavar="A,B", **more)
    else:
        metavar = "{" + ",".join(field["enum"]) + "}" if "enum" in field else name.upper()
        group.add_argument(option, metavar=metavar, **more)


def _job_fields(args: argparse.Namespace) -> dict[str, Any]:
    """The fields that were given, for the job to validate: lists split, JSON objects read, the rest as typed."""
    types = {name: field["type"] for name, field in form_schema().items()}
    given = {key.removeprefix("job."): value for key, value in vars(args).items() if key.startswith("job.")}
    for name, value in given.items():
        if types[name] == "array":
            given[name] = [item for text in value for item in _items(text)]
        elif types[name] == "object":
            with contextlib.suppress(ValueError):  # the job says what is wrong with it
                given[name] = json.loads(value)
    return _file_fields(args.job) | given


def _items(text: str) -> list[Any]:
    """``a,b``, or a JSON list for names that hold a comma."""
    if text.startswith("["):
        with contextlib.suppress(ValueError):
            return list(json.loads(text))
    return [item for item in text.split(",") if item]


def _file_fields(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        fields = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JobError(f"`job` must be a JSON file, but got {path!r}: {error}") from None
    if not isinstance(fields, dict):
        raise JobError(f"`job` must be a JSON file that holds an object, but {path!r} holds {type(fields).__name__}.")
    return fields


def _stamped(line: str) -> None:
    _say(f"{datetime.now().astimezone():%H:%M:%S}  {line}")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _print(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


def program() -> None:
    """Be the program ``nas``."""
    code = main()
    # Else the interpreter looks through all that it holds before it ends: 0.7 s with RLlib or TensorFlow.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    program()
