"""The README's example runs, its links lead somewhere, its commands exist."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
import typer.main

from ssepredict.cli import app

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    fenced = re.finditer(r"^```(\w*)\n(.*?)^```$", TEXT, flags=re.DOTALL | re.MULTILINE)
    return [block[2] for block in fenced if block[1] == language]


def test_python_example_runs() -> None:
    code = _blocks("python")[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12" in printed.getvalue()
    assert "radius_mismatch" in printed.getvalue()


def test_toml_example_is_a_space(tmp_path: Path) -> None:
    from ssepredict import SubstitutionSpace

    file = tmp_path / "space.toml"
    file.write_text(_blocks("toml")[0], encoding="utf-8")
    # 3 ions alone at 3 amounts, 3 pairs at 9 mixtures, each at 3 Si contents
    assert len(SubstitutionSpace.from_toml(file)) == (3 * 3 + 3 * 9) * 3


def test_commands_exist() -> None:
    group = typer.main.get_command(app)
    known = set(group.commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"^ssepredict (\w+)", "\n".join(_blocks("")), flags=re.MULTILINE))
    assert named
    assert named <= known


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", TEXT))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
