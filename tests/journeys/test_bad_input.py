"""Bad input: exit status 1, every bad row named with what to do, nothing half-written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

GOOD = "Na3Zr2Si2PO12"
BAD_FORMULAS = {
    "Na3Xy2Si2PO12": "unknown element 'Xy'",
    "Na3+xZr2Si2PO12": r"'\+' at position 4",
    "Al2O3": "no framework known here; expected a NASICON",
    "Na3Zr2Si2PO": "write the full formula, e.g. Na3Zr2Si2PO12",
    "Na4Zr2Si2PO12": r"net charge of \+1 e .* check the amounts",
    "K3Zr2Si2PO12": "no mobile Li or Na",
    "": "is empty; give a formula",
    "Na3Zr2(SiO4)2(PO4": "Na3Zr2",
}
SPACE = """
host = "Na3Zr2Si2PO12"
[[substitutions]]
replaces = "Zr4+"
ions = ["Sc3+"]
fractions = [0.1]
"""


@pytest.mark.parametrize(("formula", "message"), BAD_FORMULAS.items())
def test_bad_formula(ssepredict, tmp_path: Path, formula: str, message: str) -> None:
    done = ssepredict("predict", formula, "--out", "table.csv")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"error: formula {formula!r}: ")
    assert re.search(message, done.err)
    assert list(tmp_path.iterdir()) == []


def test_bad_formula_as_a_process(process) -> None:
    done = process("predict", "Na3Xy2Si2PO12")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: formula 'Na3Xy2Si2PO12': unknown element 'Xy'")
    assert "Traceback" not in done.err


@pytest.fixture
def ten_thousand(tmp_path: Path) -> dict[int, str]:
    """10,000 formulas in a file, 7 of them bad; line to bad formula."""
    lines = [f"Na{3 + x / 10000:.4f}Zr{2 - x / 10000:.4f}Sc{x / 10000:.4f}Si2PO12" for x in range(1, 10_001)]
    bad = [text for text in BAD_FORMULAS if text]
    places = {17 + 1000 * number: text for number, text in enumerate(bad)}
    for line, text in places.items():
        lines[line - 1] = text
    (tmp_path / "many.txt").write_text("\n".join(lines), encoding="utf-8")
    return places


def test_bad_rows_of_ten_thousand(ssepredict, tmp_path: Path, ten_thousand: dict[int, str]) -> None:
    done = ssepredict("predict", "--file", "many.txt", "--out", "table.csv")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"error: {len(ten_thousand)} of 10,000 formulas cannot be used\n")
    for line, text in ten_thousand.items():
        assert f"  line {line}, {text!r}: " in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["many.txt"]


def test_keep_going_predicts_the_good_rows(ssepredict, tmp_path: Path, ten_thousand: dict[int, str]) -> None:
    done = ssepredict("predict", "--file", "many.txt", "--out", "table.csv", "--keep-going")
    assert done.status == 1
    assert f"  line 17, {ten_thousand[17]!r}: " in done.err
    formulas = pd.read_csv(tmp_path / "table.csv")["formula"]
    assert len(formulas) == 10_000 - len(ten_thousand)
    assert set(formulas).isdisjoint(ten_thousand.values())


def test_problems_are_in_the_json_document(ssepredict) -> None:
    done = ssepredict("predict", GOOD, "Al2O3", "--json")
    document = json.loads(done.out)
    assert done.status == 1
    assert document["predictions"] == []
    assert document["problems"][0]["row"] == 2
    assert document["problems"][0]["place"] == "argument 2"
    kept = json.loads(ssepredict("predict", GOOD, "Al2O3", "--json", "--keep-going").out)
    assert [row["formula"] for row in kept["predictions"]] == [GOOD]


def test_all_rows_bad_with_keep_going_writes_nothing(ssepredict, tmp_path: Path) -> None:
    done = ssepredict("predict", "Al2O3", "--keep-going", "--out", "table.csv")
    assert done.status == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.txt", None, "does not exist"),
        ("latin.txt", b"Na3Zr2Si2PO12 \xc5", r"no UTF-8 text \(byte 14\); save it as UTF-8"),
        ("empty.txt", b"# nothing\n\n", "holds no formula; write one per line"),
        ("columns.csv", b"Formula,id\nNa3Zr2Si2PO12,1\n", "no column 'formula' but Formula, id"),
        ("nothing.csv", b"", "no column 'formula' but nothing"),
        ("binary.txt", b"\x80\x04\x95\x00", "no UTF-8 text"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["predict", "check"])
def test_bad_file(
    ssepredict, tmp_path: Path, command: str, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = ssepredict(command, "--file", name)
    assert (done.status, done.out) == (1, "")
    assert re.search(message, done.err)


def test_folder_given_as_a_file(ssepredict, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    done = ssepredict("check", "--file", "folder")
    assert (done.status, done.err) == (1, "error: 'folder' is a folder; give a file inside it\n")


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("absent/table.csv", "folder 'absent' is missing: make it first"),
        ("folder.csv", "is a folder; give the name of a file to write"),
        ("table.xlsx", r"suffix '.xlsx'; expected one of .csv, .json, .parquet"),
    ],
)
def test_unwritable_output(ssepredict, tmp_path: Path, out: str, message: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    done = ssepredict("check", GOOD, "--out", out)
    assert (done.status, done.out) == (1, "")
    assert re.search(message, done.err)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", GOOD, "--confidence", "1.5"), "confidence is 1.5, expected above 0 and below 1"),
        (("predict", GOOD, "--temperature", "-300"), "expected a number above -273.15"),
        (("predict", GOOD, "--temperature", "nan"), "temperature_c is nan, expected"),
        (("predict", GOOD, "--model", "absent"), "expected a release written by `ssepredict train`"),
        (("rank", "na3zr2si2po13"), "did you mean 'na3zr2si2po12'"),
        (("rank", "absent.toml"), "does not exist"),
        (("data", "summary", "absent"), r"cannot be read; expected the files sources.csv"),
        (("data", "validate", "absent"), r"cannot be read; expected the files sources.csv"),
        (("report", "absent"), r"'absent' holds no ranking: No such file .* rank again"),
        (("evaluate", "--protocol", "papr"), "did you mean 'paper'"),
    ],
)
def test_bad_argument(ssepredict, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = ssepredict(*arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert re.search(message, done.err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"Sc3+"', '"Sx3+"', "unknown element; did you mean"),
        ("[0.1]", "[0.1, 2.5]", "2.5 is beyond the site"),
        ("[0.1]", "[]", "got an empty list; expected amounts"),
        ("fractions", "fraktions", "fraktions: unknown key; did you mean 'fractions'"),
        ('"Na3Zr2Si2PO12"', '"Na3Zr2Si2PO"', "host: formula 'Na3Zr2Si2PO'"),
        ("host = ", "host == ", "is no TOML"),
    ],
)
def test_bad_space(ssepredict, tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "space.toml").write_text(SPACE.replace(old, new, 1), encoding="utf-8")
    done = ssepredict("rank", "space.toml", "--out", "ranking")
    assert (done.status, done.out) == (1, "")
    assert message in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["space.toml"]


def test_unwritable_folder_is_named_before_the_work(ssepredict, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    done = ssepredict("rank", "space.toml", "--out", "file")
    assert (done.status, done.out) == (1, "")
    assert "file is a file; name a folder for the ranking" in done.err
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict",),
        ("check",),
        ("predict", GOOD, "--file", "also.txt"),
        ("predict", GOOD, "--contribution", "bulky"),
        ("predict", GOOD, "--temperature", "warm"),
        ("rank", "li2zrcl6", "--top", "0"),
        ("rank",),
        ("predikt", GOOD),
        ("check", GOOD, "--unknown"),
    ],
)
def test_wrong_usage_ends_with_2(ssepredict, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = ssepredict(*arguments)
    assert (done.status, done.out) == (2, "")
    assert "Usage" in done.err
    assert list(tmp_path.iterdir()) == []
