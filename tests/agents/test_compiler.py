"""PyTorch's compiler: not imported by the practice, there for everybody else."""

import subprocess
import sys

PROGRAM = """
import sys
import torch
from nas_core.agents.ppo import compiler_unseen

weight = torch.nn.Parameter(torch.ones(1))
with compiler_unseen():
    optimizer = torch.optim.Adam([weight], lr=0.5)
    (2 * weight).sum().backward()
    optimizer.step()
assert abs(weight.item() - 0.5) < 1e-5, weight
assert "torch._dynamo" not in sys.modules
assert torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)) == 2
with compiler_unseen():
    assert hasattr(sys.modules["torch._dynamo"], "optimize")
optimizer.step()
"""


def test_an_optimizer_learns_without_it_and_it_is_there_afterwards():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
