from __future__ import annotations

import re

import pytest

from ssepredict.exceptions import SpaceError
from ssepredict.inference.objectives.objective import Objective, Specification
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace

GOOD = {
    "host": '"Na3Zr2Si2PO12"',
    "site": '"M"',
    "replaces": '"Zr4+"',
    "ions": '["Sc3+", "Zn2+"]',
    "together": "[1, 2]",
    "fractions": "[0.1, 0.2]",
}


def _toml(**changes: str | None) -> str:
    values = {key: value for key, value in (GOOD | changes).items() if value is not None}
    top = [f"{key} = {values.pop(key)}" for key in ("title", "host", "silicon", "hots") if key in values]
    table = [f"{key} = {value}" for key, value in values.items()]
    return "\n".join([*top, "[[substitutions]]", *table])


def _read(tmp_path, text: str) -> SubstitutionSpace:
    file = tmp_path / "space.toml"
    file.write_text(text, encoding="utf-8")
    return SubstitutionSpace.from_toml(file)


def test_the_text_that_the_faults_are_made_from_is_good(tmp_path):
    assert len(_read(tmp_path, _toml())) == 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"host": None, "hots": '"Na3Zr2Si2PO12"'}, "hots: unknown key; did you mean 'hosts'?"),
        ({"host": None}, "host: is missing; add it"),
        ({"host": "3"}, "host: got 3; expected a formula as text"),
        ({"host": '"Na3Zx2Si2PO12"'}, "host: formula 'Na3Zx2Si2PO12' unknown element 'Zx'"),
        ({"host": '"Al2O3"'}, "host: formula 'Al2O3' is an oxide without P or Si"),
        ({"host": '"Na4Zr2Si2PO12"'}, "Na4Zr2Si2PO12 has a net charge of +1 e; expected a neutral formula"),
        ({"title": "7"}, "title: got 7; expected text"),
        ({"fraktions": "[0.1]"}, "substitutions[1].fraktions: unknown key; did you mean 'fractions'?"),
        ({"fractions": None}, "substitutions[1].fractions: is missing; add it"),
        ({"site": '"Q"'}, "substitutions[1].site: got 'Q'; expected 'M', 'T', 'A' or 'X'"),
        ({"site": '"T"'}, "replaces: Zr4+ is not on the T site of the host; expected one of Si4+, P5+"),
        ({"replaces": '"Hf4+"'}, "replaces: Hf4+ is not on the M site of the host; expected one of Zr4+"),
        ({"replaces": '"Zr3+"'}, "replaces: Zr3+ is not on the M site of the host; expected one of Zr4+"),
        ({"replaces": '"Zr"'}, "replaces: ion 'Zr' cannot be read; expected element, charge and sign"),
        ({"replaces": "4"}, "replaces: got 4; expected an ion as text, e.g. 'Sc3+'"),
        ({"ions": '["Sx3+"]'}, "ions: ion 'Sx3+' has an unknown element"),
        ({"ions": '["Sc5+"]'}, "ions: Sc5+ has no Shannon radius at coordination 6; listed there: Sc3+"),
        ({"ions": '["K+"]'}, "ions: K+ sits on the A site; expected ions of the M site, e.g. Sc3+"),
        ({"ions": '["F-"]'}, "ions: F- is an anion; expected ions of the M site, e.g. Sc3+"),
        ({"ions": '["Si4+"]'}, "ions: Si4+ is an element of the host already; name other elements"),
        (
            {"ions": '["As5+"]'},
            "ions: As5+ sits on the T site of a NASICON; vary Si and P by the key silicon",
        ),
        ({"ions": '["Sc3+", "Zn2+", "Sc3+"]'}, "ions: Sc3+ is listed twice; name it once"),
        ({"ions": "[]"}, "ions: got []; expected 'all' or a list of ions"),
        ({"ions": '"every"'}, "ions: got 'every'; expected 'all' or a list of ions"),
        ({"ions": "[3]"}, "ions: got 3; expected an ion as text"),
        ({"exclude": '["Sc", "Zn"]'}, "ions: exclude leaves no ion; exclude fewer elements"),
        ({"exclude": '["Scc"]'}, "exclude: unknown element 'Scc'; did you mean 'Sc'?"),
        ({"exclude": '"Sc"'}, "exclude: got 'Sc'; expected a list of elements"),
        ({"together": "[1, 3]"}, "together: 3 dopants together need as many elements, ions holds 2"),
        ({"together": "[0]"}, "together: got [0]; expected distinct whole numbers from 1 to 4"),
        ({"together": "[5]"}, "together: got [5]; expected distinct whole numbers from 1 to 4"),
        ({"together": "[1, 1]"}, "together: got [1, 1]; expected distinct whole numbers"),
        ({"together": "[]"}, "together: got []; expected distinct whole numbers"),
        ({"together": "[true]"}, "together: got [True]; expected distinct whole numbers"),
        ({"fractions": "[]"}, "fractions: got an empty list; expected amounts such as [0.1, 0.2]"),
        ({"fractions": "0.1"}, "fractions: got 0.1; expected amounts such as [0.1, 0.2]"),
        ({"fractions": "[0.2, 0.1]"}, "fractions: 0.2, 0.1 do not increase; write each amount once"),
        ({"fractions": "[0.1, 0.1]"}, "fractions: 0.1, 0.1 do not increase; write each amount once"),
        ({"fractions": "[0.0, 0.1]"}, "fractions: 0 is not an amount; expected numbers above 0"),
        ({"fractions": "[-0.1, 0.1]"}, "fractions: -0.1 is not an amount; expected numbers above 0"),
        ({"fractions": "[0.1, 2.5]"}, "fractions: 2.5 is beyond the site, Zr4+ has 2 per formula unit"),
        ({"fractions": '["0.1"]'}, "fractions: '0.1' is not a number; expected ions per formula unit"),
        ({"fractions": "[nan]"}, "fractions: nan is not a number; expected ions per formula unit"),
        ({"fractions": "[0.12345678]"}, "fractions: 0.12345678 has more than 6 decimals; write 0.123457"),
        (
            {"fractions": "{start = 0.1, stop = 0.3, stepp = 0.1}"},
            "fractions.stepp: unknown key; did you mean 'step'?",
        ),
        ({"fractions": "{start = 0.1, stop = 0.3}"}, "fractions.step: is missing; add it"),
        ({"fractions": "{start = 0.1, stop = 0.3, step = 0}"}, "start 0.1, stop 0.3, step 0 hold no amount"),
        (
            {"fractions": "{start = 0.3, stop = 0.1, step = 0.1}"},
            "start 0.3, stop 0.1, step 0.1 hold no amount",
        ),
        (
            {"fractions": "{start = 0.1, stop = 0.35, step = 0.1}"},
            "stop 0.35 is no whole number of steps of 0.1 from 0.1; write 0.3",
        ),
        ({"silicon": "[2.0, 3.2]"}, "silicon: 3.2 is beyond the T site; expected amounts from 0 to 3"),
        ({"silicon": "[-0.1]"}, "silicon: -0.1 is not an amount; expected numbers at least 0"),
        ({"silicon": "[]"}, "silicon: got an empty list; expected amounts such as"),
    ],
)
def test_a_fault_is_named_with_its_remedy(tmp_path, changes, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        _read(tmp_path, _toml(**changes))


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("Li2ZrCl6", "silicon: the host is a close_packed_halide, without Si and P on T; remove the key"),
        ("Na3.1Zr2Si1.9Al0.1PO12", "expected Si + P = 3 and nothing else"),
    ],
)
def test_silicon_needs_a_nasicon_of_silicon_and_phosphorus(host, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        SubstitutionSpace(host, [Substitution("Zr4+", ["Sc3+"], [0.1])], silicon=[2.0])


def test_every_failure_of_a_file_is_reported_at_once(tmp_path):
    text = _toml(ions='["Sc5+", "K+"]', fractions="[0.2, 0.1]", together="[9]", sight='"M"')
    with pytest.raises(SpaceError, match=r"space file '.*space\.toml' cannot be used") as caught:
        _read(tmp_path, text)
    for part in ("Sc5+ has no Shannon", "K+ sits on", "do not increase", "got [9]", "did you mean 'site'"):
        assert part in str(caught.value)
    assert len(str(caught.value).splitlines()) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('host = "Li2ZrCl6"', r"substitutions: is missing; add it"),
        (
            'host = "Li2ZrCl6"\nsubstitutions = []',
            r"got 0 tables; expected one or more \[\[substitutions\]\]",
        ),
        ('host = "Li2ZrCl6"\nsubstitutions = [1]', r"substitutions: got 1; expected one or more"),
        (_toml() + "\n[[substitutions]]\n", r"substitutions\[2\]\.replaces: is missing; add it"),
        ('host = "Li2ZrCl6', r"is no TOML: .*; correct that place"),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused(tmp_path, text, message):
    with pytest.raises(SpaceError, match=message):
        _read(tmp_path, text)


def test_a_missing_file_names_the_shipped_spaces():
    with pytest.raises(SpaceError, match=r"'li2zrcl' does not exist; .*; did you mean 'li2zrcl6'\?"):
        SubstitutionSpace.from_toml("li2zrcl")


def test_what_is_no_text_file_is_refused(tmp_path):
    with pytest.raises(SpaceError, match=r"cannot be read .*; give a UTF-8 TOML file"):
        SubstitutionSpace.from_toml(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpaceError, match=r"cannot be read .*; give a UTF-8 TOML file"):
        SubstitutionSpace.from_toml(tmp_path / "binary.toml")


def test_a_grid_too_fine_for_the_charges_that_three_ions_can_exchange_is_refused():
    ions = ["Fe2+", "Fe3+", "Mn2+", "Mn3+", "Co2+", "Co3+"]
    entry = Substitution("Zr4+", ions, {"start": 0.001, "stop": 0.4, "step": 0.001}, [3])
    with pytest.raises(SpaceError, match=r"64,000,000 mixtures .* coarsen the grid, or name one"):
        SubstitutionSpace("Na3Zr2Si2PO12", [entry])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Specification("conductivity", "above"), "did you mean 'conductivity_s_cm'"),
        (lambda: Specification("conductivity_s_cm", "over"), "expected 'above' or 'below'"),
        (lambda: Specification("conductivity_s_cm", "above", 50.0), "expected a number from 1e-16 to 3"),
        (lambda: Specification("conductivity_s_cm", "above", "best"), "or 'host_best'"),
        (lambda: Specification("conductivity_s_cm", "above", True), "has threshold True"),
        (lambda: Objective(()), "specifications name nothing"),
        (lambda: Objective((Specification("ccd_ma_cm2", "above", 1.0),) * 2), "targets, each once"),
        (lambda: Objective(warning_factor=1.5), "warning_factor is 1.5; expected a number from 0 to 1"),
        (lambda: Objective(temperature_c=-300.0), "temperature_c is -300.0; expected °C"),
        (lambda: Objective.from_dict({"temperature": 60}), "did you mean 'temperature_c'"),
        (
            lambda: Objective.from_dict({"specifications": [{"target": "x"}]}),
            "cannot be read; expected the keys",
        ),
    ],
)
def test_a_faulty_objective_is_named_with_its_remedy(make, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        make()
