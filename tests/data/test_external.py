from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from ssepredict.data.dataset import load_dataset, validate_folder
from ssepredict.data.external import (
    fetch_external,
    load_external,
    merged,
    with_external,
    write_external,
)
from ssepredict.data.public_datasets import EXTERNAL, stated_checksums
from ssepredict.exceptions import SsePredictError
from ssepredict.resources import shipped_folder

OBELIX = """ID,Reduced Composition,Z,True Composition,Ionic conductivity (S cm-1),IC (Total),IC (Bulk),\
Space group,DOI
aaa,Li1.3Al0.3Ti1.7(PO4)3,6,x,7.0E-4,7.0E-4,3.0E-3,R-3c,10.1000/lATP
aab,Li3YCl6,1,x,5.1E-4,,,P-3m1,10.1002/adma.201803075
aac,Li7La3Zr2O12,8,x,3.0E-4,,,Ia-3d,10.1000/llzo
aad,LiZr2(PO4)3,6,x,<1E-10,,,R-3c,Not in databases
aae,Li1+xAl,1,x,1E-6,,,P1,*10.1000/odd|10.1000/other
aaf,Li3YCl6,1,x,,,,P-3m1,10.1000/none
"""
LIVERPOOL = """Where a user wishes to use this Database, then such use may only be granted under licence.

This was first presented in the article, A Database of Conductivities, Frédéric Blanc et al.

ID,composition,source,temperature,target,log_target,family,ChemicalFamily
1,Li2Ti0.75Ta0.25O3.125,10.1016/j.fusengdes.2010.04.003,300,9.00E-05,-4.04,Rocksalt,Oxides
26, Li1.3Al0.3Ti1.7(PO4)3,10.1016/J.ssi.2014.07.018,24.85,6.20E-03,-2.2,NASICON,Oxides
98,Li1.3Al0.3Ti1.7(PO4)3,10.1007/s11581-007-0197-5,58.17,5.20E-07,-6.28,NASICON,#N/A
136,\"\"\"((Li2S)0.6 (SiS2)0.4 )95 (Li4SiO4)5\"\"\",10.1016/j.jpowsour.2006.04.037,193,4.40E-02,-1.3,Glass,x
"""
STABILITY = {
    "train.csv": "CompName,NewEhullLst,EWaldSumLst\nNaZr2(PO4)3,-1.5,1\nMgGe(SO4)3,-9.25,1\n",
    "test.csv": "CompName,NewEhullLst,EWaldSumLst\nNa3Zr2Si2PO12,3.75,1\n",
}
FILES = {"all.csv": OBELIX, "LiIonDatabase.csv": LIVERPOOL, **STABILITY}


class Server:
    """Serves files on loopback; tests change what it does."""

    def __init__(self) -> None:
        self.files = {name: text.encode() for name, text in FILES.items()}
        self.requests: list[str] = []
        self.truncate = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                outer.requests.append(name)
                if name not in outer.files:
                    self.send_error(404)
                    return
                body = outer.files[name]
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if outer.truncate else body)

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/data"


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()
    thread = threading.Thread(target=served.http.serve_forever, daemon=True)
    thread.start()
    yield served
    served.http.shutdown()
    served.http.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    """No test may reach the network or the user's cache."""
    monkeypatch.setenv("SSEPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SSEPREDICT_DATA_URL", raising=False)


def sha256(*names: str) -> dict[str, str]:
    return {name: hashlib.sha256(FILES[name].encode()).hexdigest() for name in names}


def cached(tmp_path) -> dict[str, bytes]:
    folder = tmp_path / "cache" / "obelix"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


@pytest.fixture
def fetched(server, monkeypatch):
    """All three datasets in the cache."""
    monkeypatch.setenv("SSEPREDICT_DATA_URL", server.url)
    fetch_external("obelix", sha256=sha256("all.csv"))
    fetch_external("liverpool", sha256=sha256("LiIonDatabase.csv"))
    fetch_external("nasicon-stability", sha256=sha256("train.csv", "test.csv"))
    server.requests.clear()


def test_a_fetched_file_is_cached(server, tmp_path):
    paths = fetch_external("obelix", url=server.url, sha256=sha256("all.csv"))
    assert paths["all.csv"].read_text(encoding="utf-8") == OBELIX
    assert fetch_external("obelix", url=server.url) == paths  # the stated checksum is remembered
    assert len(load_external("obelix")) == 4
    assert server.requests == ["all.csv"]


def test_without_a_checksum_nothing_is_asked_for(server, tmp_path):
    for name in EXTERNAL:
        with pytest.raises(SsePredictError, match=r"SHA-256 of .* is not known .* give --sha256"):
            fetch_external(name, url=server.url)
    assert server.requests == []
    assert not (tmp_path / "cache").exists()


def test_no_checksum_is_declared_that_nobody_computed():
    """A declared one needs an address that cannot change: the commit stands in it."""
    for entry in EXTERNAL.values():
        for file in entry.files:
            assert file.sha256 == "" or any(len(part) == 40 for part in file.url.split("/"))


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"all.csv": "12"}, "expected 64 hexadecimal digits"),
        ({"al.csv": "0" * 64}, "--sha256 names al.csv, expected checksums of all.csv"),
    ],
)
def test_a_wrongly_stated_checksum(server, stated, words):
    with pytest.raises(SsePredictError, match=words):
        fetch_external("obelix", url=server.url, sha256=stated)


def test_a_changed_file_is_refused_and_the_cache_stays(server, tmp_path):
    fetch_external("obelix", url=server.url, sha256=sha256("all.csv"))
    before = cached(tmp_path)
    server.files["all.csv"] += b"aag,LiCl,1,x,1E-3,,,P1,10.1000/x\n"
    (tmp_path / "cache" / "obelix" / "all.csv").unlink()
    with pytest.raises(SsePredictError, match=r"has another SHA-256 than expected .* nothing was kept"):
        fetch_external("obelix", url=server.url)
    assert set(cached(tmp_path)) == {"accepted-checksums.json"}
    server.files["all.csv"] = OBELIX.encode()
    fetch_external("obelix", url=server.url)
    assert cached(tmp_path) == before


def test_a_truncated_download_is_refused_and_leaves_no_part(server, tmp_path):
    server.truncate = True
    with pytest.raises(SsePredictError, match="ended before the file was complete; nothing was kept"):
        fetch_external("obelix", url=server.url, sha256=sha256("all.csv"))
    assert cached(tmp_path) == {}
    server.truncate = False
    fetch_external("obelix", url=server.url, sha256=sha256("all.csv"))


def test_a_missing_file_and_an_absent_server(server, tmp_path):
    del server.files["all.csv"]
    with pytest.raises(SsePredictError, match=r"answers 404, expected the file all.csv; nothing was kept"):
        fetch_external("obelix", url=server.url, sha256=sha256("all.csv"))
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(SsePredictError, match="cannot be reached; nothing was kept; check the network"):
        fetch_external("obelix", url=server.url, sha256=sha256("all.csv"))
    with pytest.raises(SsePredictError, match="cannot be fetched"):
        fetch_external("obelix", url="carrier-pigeon://home", sha256=sha256("all.csv"))
    assert cached(tmp_path) == {}


def test_without_a_network_a_cached_dataset_is_read(server, fetched):
    server.http.shutdown()
    assert len(load_external("obelix")) == 4


def test_a_cached_file_that_changed_is_not_read(fetched, tmp_path):
    path = tmp_path / "cache" / "obelix" / "all.csv"
    path.write_bytes(path.read_bytes().replace(b"7.0E-4", b"7.0E-3"))
    with pytest.raises(SsePredictError, match="it has changed since it was fetched; fetch it again"):
        load_external("obelix")
    fetch_external("obelix")
    assert len(load_external("obelix")) == 4


def test_obelix_in_the_tables_of_the_project(fetched):
    dataset = load_external("obelix")
    dataset.validate()
    rows = dataset.transport.merge(dataset.samples, on="sample_id")
    got = (
        rows[["formula", "value", "bound", "contribution", "temperature_c"]].to_records(index=False).tolist()
    )
    assert got == [
        ("Li1.3Al0.3Ti1.7(PO4)3", 7e-4, "", "total", 25.0),
        ("Li1.3Al0.3Ti1.7(PO4)3", 3e-3, "", "bulk", 25.0),
        ("Li3YCl6", 5.1e-4, "", "unspecified", 25.0),
        ("LiZr2(PO4)3", 1e-10, "<", "unspecified", 25.0),
    ]
    assert dataset.excluded["reason"].tolist() == ["no_framework", "malformed_formula"]
    assert dataset.excluded["formula"].tolist() == ["Li7La3Zr2O12", "Li1+xAl"]
    sources = dataset.sources.set_index("source_id")
    assert sorted(sources.index) == [
        "10.1000/latp", "10.1000/llzo", "10.1000/odd", "10.1002/adma.201803075", "obelix/aad",
    ]  # fmt: skip
    assert set(sources["compiled_by"]) == {"OBELiX (NRC-Mila)"}
    assert set(sources["compiled_by_doi"]) == {"10.1039/d5dd00441a"}
    assert set(sources["licence_note"]) == {"CC BY 4.0, attribute OBELiX (NRC-Mila)"}
    assert set(rows["read_as"]) == {"compilation"}


def test_liverpool_in_the_tables_of_the_project(fetched):
    dataset = load_external("liverpool")
    dataset.validate()
    assert dataset.transport["value"].tolist() == [6.2e-3, 5.2e-7]
    assert dataset.transport["temperature_c"].tolist() == [24.85, 58.17]
    assert len(dataset.excluded) == 2
    assert dataset.sources["licence_note"].str.contains("commercial use only under licence").all()


def test_stability_is_written_beside_the_tables_and_is_no_measurement(fetched, tmp_path):
    dataset = write_external("nasicon-stability", tmp_path / "out")
    assert (len(dataset), len(dataset.sources)) == (0, 1)
    validate_folder(tmp_path / "out")
    rows = pd.read_csv(tmp_path / "out" / "stability.csv", keep_default_na=False)
    assert rows["hull_distance"].tolist() == [-1.5, -9.25, 3.75]
    assert rows["host"].tolist() == ["NaZr2(PO4)3", "", "Na3Zr2Si2PO12"]
    assert rows["split"].tolist() == ["train", "train", "test"]
    with pytest.raises(SsePredictError, match="no measured target, so nothing can be trained"):
        with_external(load_dataset(), "nasicon-stability")


def test_a_converted_dataset_is_written_as_a_folder(fetched, tmp_path):
    written = write_external("obelix", tmp_path / "out")
    assert load_dataset(tmp_path / "out").digest == written.digest
    with pytest.raises(SsePredictError, match="is not empty; name a new folder"):
        write_external("obelix", tmp_path / "out")
    with pytest.raises(SsePredictError, match="never changed"):
        write_external("obelix", shipped_folder("datasets"))


def test_merging_brings_each_figure_once_and_keeps_papers_together(fetched):
    base = load_dataset()
    joined, addition = with_external(base, "obelix")
    joined.validate()
    # Li3YCl6 of the paper of 2018 is in the shipped tables already
    assert (addition.measurements, addition.left_out) == (3, 1)
    assert len(joined) == len(base) + 3
    assert not joined.transport["measurement_id"].duplicated().any()
    assert joined.sources["source_id"].is_unique
    assert joined.samples["sample_id"].is_unique
    again, nothing = with_external(joined, "obelix")
    assert (nothing.measurements, nothing.left_out) == (0, 4)
    assert again.digest == joined.digest


def test_a_new_figure_of_a_known_paper_joins_its_work(fetched, server):
    base = load_dataset()
    server.files["all.csv"] = OBELIX.replace("5.1E-4", "5.3E-4").encode()
    changed = hashlib.sha256(server.files["all.csv"]).hexdigest()
    fetch_external("obelix", sha256={"all.csv": changed})
    joined, addition = with_external(base, "obelix")
    assert addition.measurements == 4
    new = joined.training_frame("conductivity").query("value == 5.3e-4 and formula == 'Li3YCl6'").iloc[-1]
    assert new["work_id"] == "10.1002/adma.201803075"


def test_merging_a_dataset_with_itself_changes_nothing():
    base = load_dataset()
    joined, addition = merged(base, base.select(family="na_halide"))
    assert addition.measurements == 0
    assert joined.digest == base.digest


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("all.csv", "ID,DOI\n1,2\n", "lacks the columns Reduced Composition, Ionic conductivity"),
        ("all.csv", OBELIX.replace("5.1E-4", "about 1"), "cells that are no numbers: 'about 1'"),
        ("all.csv", "", "no readable UTF-8 CSV"),
        ("LiIonDatabase.csv", "<html>gone</html>", "has no line 'ID,composition,...'"),
    ],
)
def test_a_file_of_another_layout_is_refused(server, name, text, words):
    server.files[name] = text.encode()
    dataset = "obelix" if name == "all.csv" else "liverpool"
    fetch_external(dataset, url=server.url, sha256={name: hashlib.sha256(text.encode()).hexdigest()})
    with pytest.raises(SsePredictError, match=words):
        load_external(dataset)


def test_an_unknown_name_and_an_unnamed_checksum():
    with pytest.raises(SsePredictError, match="did you mean 'obelix'"):
        fetch_external("obelics")
    with pytest.raises(SsePredictError, match=r"expected FILE=HEX for one of the files train.csv, test.csv"):
        stated_checksums("nasicon-stability", ["ab"])
