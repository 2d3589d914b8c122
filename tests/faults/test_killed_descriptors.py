"""A computation of descriptors that is killed goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ssepredict.data.descriptors import read_records

PROGRAM = """
import sys, time
import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ssepredict import cli
from ssepredict.structures import descriptors, potentials

class Nothing(Calculator):
    implemented_properties = ["energy", "forces", "stress"]
    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        time.sleep(float(sys.argv[2]))
        n = len(self.atoms)
        self.results = {"energy": -float(n), "forces": np.zeros((n, 3)), "stress": np.zeros(6)}

descriptors.BVSE_RESOLUTION_ANGSTROM = 0.8
potentials.POTENTIALS["CHGNet"] = lambda *_: potentials.Potential("nothing", "none 0", Nothing)
cli.main(["descriptors", "compute", "--host", "Li3YCl6", "--ions", "In3+,Zr4+", "--count", "1",
          "--configurations", "1", "--out", sys.argv[1]])
"""


def _start(out: Path, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(out), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_killed_computation_goes_on_where_it_was(tmp_path: Path) -> None:
    out = tmp_path / "runs.jsonl"
    process = _start(out, 0.5)
    deadline = time.monotonic() + 120
    while len(read_records(out)) < 2:
        assert time.monotonic() < deadline, "no configuration was finished"
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    before = out.read_bytes()
    finished = read_records(out)
    assert len(finished) < 6
    again = _start(out, 0.0)
    _, messages = again.communicate(timeout=120)
    assert again.returncode == 0, messages.decode()
    assert f"6 configurations, {len(finished)} of them finished" in " ".join(messages.decode().split())
    assert len(read_records(out)) == 6
    assert out.read_bytes().startswith(before[: before.rfind(b"\n") + 1])
