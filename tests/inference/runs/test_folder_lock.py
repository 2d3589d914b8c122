from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ssepredict.exceptions import RankingError
from ssepredict.inference.runs.folder_lock import LOCK_FILE, locked

HOLD = """
import sys, time
from pathlib import Path
from ssepredict.inference.runs.folder_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "out")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_refused_with_who_holds_the_folder(holder, tmp_path):
    message = rf"is being written by another run \(process {holder.pid} on {platform.node()} since 20.*\)"
    with pytest.raises(RankingError, match=message), locked(tmp_path / "out"):
        pytest.fail("two runs hold one folder")
    assert holder.poll() is None
    assert json.loads((tmp_path / "out" / LOCK_FILE).read_text())["pid"] == holder.pid


def test_the_lock_of_a_killed_run_is_taken_over(holder, tmp_path):
    holder.kill()
    holder.wait()
    lock = tmp_path / "out" / LOCK_FILE
    assert lock.exists()
    with locked(tmp_path / "out"):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    assert not lock.exists()


def test_one_process_cannot_hold_it_twice(tmp_path):
    with locked(tmp_path), pytest.raises(RankingError, match=f"process {os.getpid()} "), locked(tmp_path):
        pytest.fail("two runs hold one folder")
    with locked(tmp_path):
        pass


def test_a_folder_made_for_nothing_is_removed(tmp_path):
    with locked(tmp_path / "new"):
        assert (tmp_path / "new").is_dir()
    assert not (tmp_path / "new").exists()
    with locked(tmp_path / "new"):
        (tmp_path / "new" / "ranking.csv").write_text("")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["ranking.csv"]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can write")
def test_a_folder_that_cannot_be_written_is_named():
    with (
        pytest.raises(RankingError, match=r"cannot be written to /proc/ranking \(.*\); name a folder"),
        locked(Path("/proc/ranking")),
    ):
        pytest.fail("it is locked")
