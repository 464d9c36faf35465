"""A stage's process: what its parent learns of it, and that it outlives neither its parent nor its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from nas_core import child
from nas_core.errors import JobError


def shell(script: str) -> subprocess.Popen[str]:
    """A process like a stage's: a leader of its group, with one stream of lines."""
    return subprocess.Popen(
        ["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, text=True
    )


def is_gone(pid: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_a_stage_that_needs_the_user_raises_its_problems(tmp_path):
    lines = []
    with pytest.raises(JobError) as caught:
        child.follow(child.start("prepare", str(tmp_path / "none")), lines.append)
    assert "There is no run at" in caught.value.problems[0]
    assert lines == []


def test_lines_arrive_and_problems_are_kept_apart():
    lines = []
    with pytest.raises(JobError) as caught:
        child.follow(shell("echo one; echo 'error: a' >&2; echo 'error: b'; exit 2"), lines.append)
    assert lines == ["one"]
    assert caught.value.problems == ("a", "b")


def test_figures_of_progress_are_no_lines_of_the_log():
    program = (
        "import logging; from nas_core.child import ChildFormatter; handler = logging.StreamHandler();"
        "handler.setFormatter(ChildFormatter()); logging.basicConfig(level='INFO', handlers=[handler]);"
        "logging.info('1: %s', 'dense', extra={'gauges': {'search.best': 0.5}}); logging.info('done')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    lines, gauges = [], []
    child.follow(process, lines.append, gauges.append)
    assert lines == ["1: dense", "done"]
    assert gauges == [{"search.best": 0.5}]


@pytest.mark.parametrize(("script", "words"), [("exit 3", "exit code 3"), ("kill -9 $$", "SIGKILL")])
def test_a_crash_says_how(script, words):
    with pytest.raises(child.StageError, match=words):
        child.follow(shell(script), print)


def test_nothing_is_left_running_when_a_stage_ends():
    lines = []
    began = time.monotonic()
    child.follow(shell("set -m; sleep 60 & echo $!"), lines.append)  # -m: in a process group of its own
    assert time.monotonic() - began < 10
    assert is_gone(int(lines[0]))


def test_killing_a_stage_kills_what_it_started():
    process = shell("set -m; sleep 60 & echo $!; wait")
    grandchild = int(process.stdout.readline())
    child.kill(process)
    assert process.wait() == -signal.SIGKILL
    assert is_gone(grandchild)


def test_a_stage_dies_with_its_parent_however_that_ends():
    stage = (
        "import os, sys, time, nas_core.child as c; c.die_with(int(sys.argv[1])); print(os.getpid()); time.sleep(60)"
    )
    program = (
        "import os, subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-u', '-c', {stage!r}, str(os.getpid())]); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    child_pid = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert is_gone(child_pid)


def test_a_stage_whose_parent_is_gone_already_does_not_begin():
    program = "from nas_core.child import die_with; die_with(1 << 22)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is gone" in done.stderr


def test_a_stage_gives_way_as_far_as_it_is_told():
    program = "import os; from nas_core.child import give_way; give_way(); print(os.nice(0))"
    for asked, more in (("7", 7), ("0", 0), ("", 0)):
        told = subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"NAS_NICE": asked}, capture_output=True, check=True
        )
        assert int(told.stdout) == min(19, os.nice(0) + more)
