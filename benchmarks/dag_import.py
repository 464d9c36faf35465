"""Seconds that reading a DAG file takes beyond `import airflow.sdk`, each in a fresh interpreter, and what it loads.

    .venv/bin/python benchmarks/dag_import.py

On 2 cores: 0.09 to 0.13 s a file (the limit we set is 0.3 s); none of the heavy packages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent
HEAVY = ("tensorflow", "keras", "ray", "torch", "pandas", "boto3", "sklearn")

PROGRAM = f"""
import json, runpy, sys, time
import airflow.sdk
began = time.perf_counter()
runpy.run_path(sys.argv[1])
print(json.dumps({{"seconds": time.perf_counter() - began, "heavy": [m for m in {HEAVY} if m in sys.modules]}}))
"""


def main() -> None:
    """Print the fastest of three readings of each file."""
    for path in sorted((PROJECT / "dags").glob("*.py")):
        readings = [read(path) for _ in range(3)]
        seconds = min(reading["seconds"] for reading in readings)
        sys.stdout.write(f"{path.name:<24} {seconds:.3f} s, heavy packages loaded: {readings[0]['heavy'] or 'none'}\n")


def read(path: Path) -> dict:
    """Read one DAG file in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
