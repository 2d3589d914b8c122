"""On a real scheduler and real worker processes, on loopback."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import ssepredict
from ssepredict.exceptions import RankingError
from ssepredict.inference.engines import DaskCluster
from ssepredict.inference.engines.dask_cluster import IN_FLIGHT
from ssepredict.inference.engines.job import Job
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.ranking import rank

ROOT = Path(ssepredict.__file__).parent.parent
TOP = 40


class Cluster:
    """A scheduler and its workers, as the commands of Dask start them."""

    def __init__(
        self, folder: Path, scheme: str = "tcp", options: tuple[str, ...] = (), python_path: Path = ROOT
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"{scheme}://127.0.0.1:{port}"
        self._folder, self._options, self._names = folder, options, itertools.count()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(
            "scheduler", "--host", self.address, "--no-dashboard", python_path=python_path
        )
        deadline = time.monotonic() + 60
        while b"Scheduler at:" not in self._log(0).read_bytes():
            assert time.monotonic() < deadline, self._log(0).read_text()
            time.sleep(0.05)

    def worker(self, python_path: Path = ROOT) -> subprocess.Popen[bytes]:
        return self._start(
            "worker", self.address, "--nthreads=1", "--no-nanny", "--no-dashboard", python_path=python_path
        )

    def close(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _log(self, number: int) -> Path:
        return self._folder / f"log-{number}"

    def _start(self, kind: str, *arguments: str, python_path: Path = ROOT) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, *self._options]
        with self._log(next(self._names)).open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env={
                    **os.environ,
                    "PYTHONPATH": str(python_path),
                    "OMP_NUM_THREADS": "1",
                    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
                },
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Iterator[Callable[..., Cluster]]:
    clusters: list[Cluster] = []

    def begin(*arguments, **options) -> Cluster:
        clusters.append(Cluster(tmp_path_factory.mktemp("cluster"), *arguments, **options))
        return clusters[-1]

    yield begin
    for cluster in clusters:
        cluster.close()


@pytest.fixture
def expected(small_space, predictor):
    return rank(small_space, predictor, top=TOP)


@pytest.mark.slow
def test_a_worker_dies_and_one_joins_late(start, small_space, predictor, expected):
    """The only worker is killed in the middle, with the job on it; the next has to be given it anew."""
    cluster = start()
    first = cluster.worker()
    job = Job(small_space, predictor, Objective(), TOP, len(small_space))
    drawn: list[int] = []

    def ranges() -> Iterator[tuple[int, int]]:
        for begin in range(0, len(small_space), 13):
            drawn.append(begin)
            yield begin, min(begin + 13, len(small_space))

    merged, seen = None, []
    for begin, end, part in DaskCluster(cluster.address).screen(job, ranges()):
        assert len(drawn) - len(seen) <= IN_FLIGHT * 3  # threads there ever were
        seen.append((begin, end))
        merged = part if merged is None else merged.merge(part, TOP)
        if len(seen) == 5:
            first.send_signal(signal.SIGKILL)
            first.wait()
            cluster.worker()
        if len(seen) == 15:
            cluster.worker()
    assert sorted(seen) == [(begin, min(begin + 13, 540)) for begin in range(0, 540, 13)]
    assert merged is not None
    assert merged.indices.tolist() == expected["candidate"].tolist()
    assert merged.scores.tobytes() == expected["score"].to_numpy().tobytes()

    frame = rank(small_space, predictor, top=TOP, engine=cluster.address, chunk=200)
    assert frame.equals(expected)
    assert frame.attrs["summary"]["engine"] == f"Dask cluster {cluster.address}"


def test_a_client_of_the_caller_stays_open(start, small_space, predictor, expected):
    from distributed import Client

    cluster = start()
    cluster.worker()
    with Client(cluster.address, set_as_default=False) as client:
        frame = rank(small_space, predictor, top=TOP, engine=DaskCluster(client), chunk=300)
        assert frame.equals(expected)
        assert client.status == "running"
        assert client.futures == {}


def test_a_lost_scheduler_ends_the_run_and_here_it_is_resumed(
    start, small_space, predictor, expected, tmp_path
):
    cluster = start()
    cluster.worker()
    calls: list[int] = []

    def lose(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) == 4:
            cluster.scheduler.send_signal(signal.SIGKILL)
            cluster.scheduler.wait()

    engine = DaskCluster(cluster.address, patience_s=5.0)
    with pytest.raises(RankingError, match=r"scheduler is lost .*\d+ of 540 candidates are done and kept in"):
        rank(small_space, predictor, top=TOP, engine=engine, chunk=9, out=tmp_path / "out", progress=lose)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["checkpoint.json"]
    again: list[int] = []
    frame = rank(
        small_space,
        predictor,
        top=TOP,
        chunk=50,
        out=tmp_path / "out",
        resume=True,
        progress=lambda done, total: again.append(done),
    )
    assert again[0] == calls[-1] >= 36
    assert frame.equals(expected)
    assert "checkpoint.json" not in {path.name for path in (tmp_path / "out").iterdir()}


def test_without_a_worker_it_gives_up(start, small_space, predictor):
    cluster = start()
    with pytest.raises(
        RankingError, match=r"has had no worker for 2 s; expected at least one: start workers"
    ):
        rank(small_space, predictor, engine=DaskCluster(cluster.address, patience_s=2.0))


@pytest.mark.slow
def test_workers_that_die_over_and_over_end_the_run(start, small_space, predictor, monkeypatch):
    """Every worker that begins with the candidates is killed: this scheduler stops after the second."""
    cluster = start()
    cluster.worker()
    monkeypatch.setattr("ssepredict.inference.engines.dask_cluster._screen_part", _die)
    engine = DaskCluster(cluster.address)
    job = Job(small_space, predictor, Objective(), TOP, len(small_space))
    cluster.worker()
    with pytest.raises(RankingError, match="one Dask worker after the other died over candidates 0 to 9 "):
        list(engine.screen(job, [(0, 10)]))


def test_a_failure_inside_a_worker_is_told(start, small_space, predictor):
    cluster = start()
    cluster.worker()
    size = len(small_space)
    job = Job(small_space, predictor, Objective(), TOP, size)
    with pytest.raises(
        RankingError, match="a Dask worker failed on candidates 540 to 544 with IndexError: cand"
    ):
        list(DaskCluster(cluster.address).screen(job, [(size, size + 5)]))


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def other_version(tmp_path) -> Path:
    package = tmp_path / "other" / "ssepredict"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "0.0.7"\n', encoding="utf-8")
    return tmp_path / "other"


def test_a_worker_with_another_version_is_refused(start, small_space, predictor, other_version):
    from distributed import Client

    cluster = start()
    cluster.worker(other_version)
    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=60)
    message = (
        rf"tcp://127.* has ssepredict 0\.0\.7, this side has {ssepredict.__version__}; expected the same"
    )
    with pytest.raises(RankingError, match=message):
        rank(small_space, predictor, engine=cluster.address)


def test_a_scheduler_with_another_version_or_none_is_refused(start, small_space, predictor, other_version):
    address = start(python_path=other_version).address
    with pytest.raises(
        RankingError, match=r"^scheduler of Dask cluster tcp://.* has ssepredict 0\.0\.7, this"
    ):
        rank(small_space, predictor, engine=address)
    (other_version / "ssepredict" / "__init__.py").write_text("raise ImportError('no such thing')\n")
    address = start(python_path=other_version).address
    with pytest.raises(
        RankingError, match=r"the scheduler of .* cannot import ssepredict .*: install it there"
    ):
        rank(small_space, predictor, engine=address)


def test_tls_with_files_and_refused_without(start, small_space, predictor, expected, tmp_path):
    ca, cert, key = _certificates(tmp_path)
    cluster = start("tls", (f"--tls-ca-file={ca}", f"--tls-cert={cert}", f"--tls-key={key}"))
    cluster.worker()
    frame = rank(
        small_space, predictor, top=TOP, engine=DaskCluster(cluster.address, ca, cert, key), chunk=300
    )
    assert frame.equals(expected)
    with pytest.raises(RankingError, match="needs tls_ca, tls_cert, tls_key; expected files in PEM format"):
        rank(small_space, predictor, engine=cluster.address)
    plain = cluster.address.replace("tls", "tcp")
    with pytest.raises(RankingError, match=f"no Dask scheduler answers at {plain} "):
        rank(small_space, predictor, engine=DaskCluster(plain, patience_s=2.0))
    (tmp_path / "other").mkdir()
    foreign = _certificates(tmp_path / "other")
    with pytest.raises(RankingError, match="no Dask scheduler answers at tls://"):
        rank(small_space, predictor, engine=DaskCluster(cluster.address, *foreign, patience_s=2.0))
    with pytest.raises(RankingError, match=r"files are given for tcp://.*, which is not encrypted"):
        DaskCluster(plain, ca, cert, key)
    with pytest.raises(RankingError, match=r"tls_cert '.*absent\.pem' does not exist; give a file"):
        DaskCluster(cluster.address, ca, tmp_path / "absent.pem", key)


@pytest.mark.parametrize(
    "address",
    ["localhost", "127.0.0.1:8786", "http://127.0.0.1:8786", "tcp://", "tcp://host", "tcp://host:x", ""],
)
def test_an_address_that_cannot_be_read_is_refused(small_space, predictor, address):
    with pytest.raises(RankingError, match=r"cannot be read; expected tcp://host:port or tls://host:port"):
        rank(small_space, predictor, engine=address)


def test_a_scheduler_that_is_not_there_is_named(small_space, predictor, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # not listening: nobody answers
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(
            RankingError, match=f"no Dask scheduler answers at {address} .*; expected a running"
        ):
            rank(small_space, predictor, engine=DaskCluster(address, patience_s=1.0), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    """An authority and one certificate for loopback, made for this test."""
    now = datetime.datetime.now(datetime.UTC)

    def build(name: str, issuer: str, public, authority: bool) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder()
        builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        builder = builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(hours=1))
        return builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)

    authority_key, own_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = build("authority", "authority", authority_key.public_key(), True)
    own = build("127.0.0.1", "authority", own_key.public_key(), False).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
    )
    paths = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(authority.sign(authority_key, hashes.SHA256()).public_bytes(pem))
    paths[1].write_bytes(own.sign(authority_key, hashes.SHA256()).public_bytes(pem))
    paths[2].write_bytes(
        own_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
