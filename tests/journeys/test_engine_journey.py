"""A researcher ranks on several processes, interrupts nothing, and resumes what is complete."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SPACE = """
host = "Li2ZrCl6"
[[substitutions]]
replaces = "Zr4+"
ions = ["Sc3+", "Y3+", "Nb5+", "Mg2+"]
together = [1, 2]
fractions = [0.1, 0.2, 0.4]
"""


@pytest.fixture
def space(tmp_path: Path) -> str:
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    return "space.toml"


def test_workers_give_the_same_table_and_resuming_it_changes_nothing(
    ssepredict, space: str, tmp_path: Path
) -> None:
    assert ssepredict("rank", space, "--top", "8", "--out", "alone").status == 0
    done = ssepredict("rank", space, "--top", "8", "--out", "together", "--workers", "1")
    assert done.status == 0, done.err
    alone, together = tmp_path / "alone", tmp_path / "together"
    table = (together / "ranking.csv").read_bytes()
    assert table == (alone / "ranking.csv").read_bytes()
    assert (together / "ranking.parquet").read_bytes() == (alone / "ranking.parquet").read_bytes()
    summary = json.loads((together / "summary.json").read_text(encoding="utf-8"))
    assert (summary["engine"], summary["partial"]) == ("1 local worker process", False)
    assert {path.name for path in together.iterdir()} == {path.name for path in alone.iterdir()}

    again = ssepredict("rank", space, "--top", "8", "--out", "together", "--resume")
    assert (again.status, again.out) == (0, done.out)
    assert (together / "ranking.csv").read_bytes() == table
    other = ssepredict("rank", space, "--top", "9", "--out", "together", "--resume")
    assert (other.status, other.out) == (1, "")
    assert "these differ: top: 8 before, 9 now. Expected the same space" in other.err
    assert (together / "ranking.csv").read_bytes() == table


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--scheduler", "localhost"),
            "scheduler address 'localhost' cannot be read; expected tcp://host:port",
        ),
        (
            ("--scheduler", "tls://127.0.0.1:1", "--tls-ca", "absent.pem"),
            "tls_ca 'absent.pem' does not exist",
        ),
        (
            ("--scheduler", "tls://127.0.0.1:1"),
            "needs tls_ca, tls_cert, tls_key; expected files in PEM format",
        ),
    ],
)
def test_an_engine_that_cannot_be_used_leaves_results_untouched(
    ssepredict, space: str, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    done = ssepredict("rank", space, "--out", "ranking", *options)
    assert (done.status, done.out) == (1, "")
    assert message in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["space.toml"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--workers", "2", "--scheduler", "tcp://127.0.0.1:1"), "give --workers or --scheduler"),
        (("--workers", "0"), "greater than or equal to 1"),
        (("--resume",), "--resume needs --out"),
        (("--tls-ca", "ca.pem"), "go with --scheduler tls://host:port"),
    ],
)
def test_wrong_usage(ssepredict, space: str, options: tuple[str, ...], message: str) -> None:
    done = ssepredict("rank", space, *options)
    assert (done.status, done.out) == (2, "")
    assert message in " ".join(done.err.replace("│", " ").split())
