"""Light modules stay light: each is imported in a fresh interpreter and may not have loaded a heavy package."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("tensorflow", "keras", "ray", "torch", "boto3", "pandas", "sklearn")

LIGHT = (
    "nas_core.job",
    "nas_core.stage",
    "nas_core.child",
    "nas_core.cli",
    "nas_core.report.show",
    "nas_core.operators.params",
    "nas_core.operators.stages",
    "dags.generate_network",
    "dags.scheduled_network",
    "plugins.nas_plugin",
)


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_nothing_heavy(module):
    program = f"import sys, {module}; print(*(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
