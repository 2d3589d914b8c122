from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssepredict import units
from ssepredict.columns import QUANTITIES, TABLES
from ssepredict.data.cell_readers import (
    CellError,
    number_reader,
    read_c_rate,
    read_category,
    read_doi,
    read_exact,
    read_flag,
)
from ssepredict.data.fields import FIELD_BY_WORDS, FIELDS
from ssepredict.data.headers import parse_header
from ssepredict.data.unit_names import STORED_UNITS, find_unit, parse_unit, units_of
from ssepredict.exceptions import SsePredictError


@pytest.mark.parametrize(
    ("text", "field", "unit"),
    [
        ("formula", "formula", None),
        ("Composition", "formula", None),
        ("conductivity (mS/cm)", "conductivity", "mS/cm"),
        ("Ionic conductivity (S cm-1)", "conductivity", "S/cm"),
        ("sigma [S/m]", "conductivity", "S/m"),
        ("σ / mS cm⁻¹", "conductivity", "mS/cm"),
        ("conductivity_ms_cm", "conductivity", "mS/cm"),
        ("conductivity in µS/cm", "conductivity", "µS/cm"),
        ("sigma_e (S/cm)", "electronic_conductivity", "S/cm"),
        ("Ea (kJ/mol)", "activation_energy", "kJ/mol"),
        ("Eₐ (meV)", "activation_energy", "meV"),
        ("activation_energy_ev", "activation_energy", "eV"),
        ("T (K)", "temperature_c", "K"),
        ("T / K", "temperature_c", "K"),
        ("temperature_c", "temperature_c", "°C"),
        ("Temperature [℃]", "temperature_c", "°C"),
        ("CCD (mA/cm²)", "critical_current_density", "mA/cm2"),
        ("critical current density (A/m2)", "critical_current_density", "A/m2"),
        ("capacity retention (%)", "capacity_retention", "%"),
        ("fade per cycle (%)", "fade_per_cycle", "%"),
        ("fade (%/cycle)", "fade_per_cycle", "%/cycle"),
        ("cycles", "cycles", None),
        ("sintering temperature (°C)", "sinter_temperature_c", "°C"),
        ("sinter_temperature_c", "sinter_temperature_c", "°C"),
        ("sintering time (min)", "sinter_time_h", "min"),
        ("density (%)", "relative_density_pct", "%"),
        ("pressure (bar)", "stack_pressure_mpa", "bar"),
        ("ASR (Ω·cm²)", "interfacial_resistance", "ohm cm2"),
        ("t_Na+", "transference_number", None),
        ("C rate (C)", "c_rate", None),
        ("DOI", "doi", None),
    ],
)
def test_a_header_says_its_field_and_unit(text, field, unit):
    header = parse_header(text)
    assert header.field.name == field
    assert (header.unit.name if header.unit else None) == unit
    assert header.fixed == ()


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("bulk conductivity (S/cm)", {"contribution": "bulk"}),
        ("sigma_gb (S/cm)", {"contribution": "grain_boundary"}),
        ("conductivity (total) [mS/cm]", {"contribution": "total"}),
        ("conductivity at 60 °C (S/cm)", {"temperature_c": "60"}),
        ("sigma_25C (S/cm)", {"temperature_c": "25"}),
        ("bulk conductivity at 298.15 K (S/cm)", {"contribution": "bulk", "temperature_c": "25"}),
        ("retention after 650 cycles (%)", {"cycles": "650"}),
    ],
)
def test_a_header_says_what_holds_for_every_cell(text, fixed):
    assert dict(parse_header(text).fixed) == fixed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("condctivity (S/cm)", "is unknown; did you mean 'conductivity'"),
        ("operator", "is unknown"),
        ("conductivity", r"has no unit; write 'conductivity \(S/cm\)' or another of S/cm, mS/cm"),
        ("T", r"has no unit; write 'temperature \(°C\)'"),
        ("conductivity (furlong)", "has the unknown unit 'furlong'; expected S/cm, mS/cm"),
        ("density (g/cm3)", "has the unknown unit 'g/cm3'; expected %"),
        ("Ea (S/cm)", "has the unit S/cm of conductivity; expected one of eV, meV"),
        ("year (K)", "expected none: it has no unit"),
        ("capacity fade (%)", "may be a loss in all or per cycle"),
        ("log sigma (S/cm)", "is a logarithm without a base; write log10 or ln"),
        ("log10 temperature (K)", "only measured quantities are read from logarithms"),
        ("sigma (MS/cm)", "has the unknown unit 'MS/cm'"),
    ],
)
def test_a_header_that_is_not_understood_says_why(text, words):
    with pytest.raises(SsePredictError, match=words):
        parse_header(text)


@pytest.mark.parametrize(
    "text", ["log10 sigma (S/cm)", "log10(σ / S cm⁻¹)", "log10_conductivity_s_cm", "lg conductivity [S/cm]"]
)
def test_a_logarithm_is_undone(text):
    header = parse_header(text)
    assert header.log_base == 10
    read = number_reader(header, header.unit)
    assert read("-3").value == 1e-3
    assert read("-3.5").value == pytest.approx(10**-3.5, rel=1e-15)
    assert read("<-9") == (1e-9, "<")


def test_a_natural_logarithm_is_undone():
    header = parse_header("ln(sigma [S/m])")
    assert number_reader(header, header.unit)("-1").value == pytest.approx(math.exp(-1) / 100, rel=1e-15)


def test_every_quantity_has_a_field_of_its_own_unit():
    for name, quantity in QUANTITIES.items():
        dimensions = FIELDS[name].dimensions
        stored = STORED_UNITS[dimensions[0]] if dimensions else "1"
        assert stored.removesuffix("/cycle") == quantity.unit


def test_every_field_is_a_column_or_a_quantity():
    columns = {column.name for table in TABLES.values() for column in table} | {"year", "unit"}
    for name, field in FIELDS.items():
        assert name in columns | set(QUANTITIES)
        assert FIELD_BY_WORDS[field.words] is field


@pytest.mark.parametrize(
    ("unit", "convert", "value"),
    [
        ("mS/cm", units.ms_cm_to_s_cm, "1.37"),
        ("S/m", units.s_m_to_s_cm, "0.0731"),
        ("K", units.kelvin_to_celsius, "401.3"),
        ("kJ/mol", units.kj_mol_to_ev, "31.7"),
    ],
)
def test_conversions_agree_with_the_units_of_the_project(unit, convert, value):
    found = parse_unit(unit)
    exact = (Fraction(value) + found.offset) * found.factor
    assert float(exact) == pytest.approx(float(convert(float(value))), rel=1e-13)


@pytest.mark.parametrize(
    ("header", "text", "value"),
    [
        ("conductivity (mS/cm)", "1.5", 0.0015),
        ("conductivity (µS/cm)", "3", 3e-6),
        ("T (K)", "303.15", 30.0),
        ("T (K)", "298.15", 25.0),
        ("CCD (A/m2)", "7", 0.7),
        ("pressure (bar)", "3", 0.3),
        ("retention (fraction)", "0.29", 29.0),
        ("sintering time (min)", "90", 1.5),
    ],
)
def test_a_converted_value_is_the_nearest_number_to_the_exact_one(header, text, value):
    found = parse_header(header)
    assert number_reader(found, found.unit)(text).value == value


@given(st.floats(min_value=1e-12, max_value=1e3))
def test_a_number_in_the_stored_unit_keeps_every_digit(value):
    header = parse_header("conductivity (S/cm)")
    assert number_reader(header, header.unit)(repr(value)).value == value


@pytest.mark.parametrize("dimension", STORED_UNITS)
def test_the_stored_unit_is_the_one_that_changes_nothing(dimension):
    first = find_unit(units_of(dimension)[0])
    assert (first.name, first.factor, first.offset) == (STORED_UNITS[dimension], 1, 0)


@pytest.mark.parametrize(
    ("text", "value", "bound"),
    [
        ("1.2e-4", "1.2e-4", ""),
        (" < 1e-9", "1e-9", "<"),
        ("≤1e-9", "1e-9", "<"),
        (">=5", "5", ">"),
        ("1.2×10⁻⁴", "1.2e-4", ""),
        ("1.2 x 10^-4", "1.2e-4", ""),
        ("−5", "-5", ""),
    ],
)
def test_numbers_are_read_as_people_write_them(text, value, bound):
    assert read_exact(text) == (Fraction(value), bound)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,5", "comma is no decimal sign here, write 1.5"),
        ("<1,5e-4", "write <1.5e-4"),
        ("~1", "write the number alone"),
        ("1.2(3)", "without its uncertainty"),
        ("1 ± 0.1", "without its uncertainty"),
        ("1-2", "one number to a row"),
        ("n/a", "leave the cell empty"),
        ("1.2 mS/cm", "unit belongs into the header"),
        ("much", r"write it as 0\.0012"),
        ("1e9999999", r"write it as 0\.0012"),
    ],
)
def test_a_cell_that_is_no_number_says_what_to_do(text, words):
    with pytest.raises(CellError, match=words):
        read_exact(text)


def test_an_endless_number_is_refused():
    header = parse_header("conductivity (S/cm)")
    with pytest.raises(CellError, match="too large to be a number"):
        number_reader(header, header.unit)("1e999")


def test_categories_flags_rates_and_dois():
    assert read_category("contribution", "Grain boundary") == "grain_boundary"
    assert read_category("synthesis", "Sol-Gel") == "sol_gel"
    assert (read_flag("composite", "yes"), read_flag("composite", "0")) == (1, 0)
    assert (read_c_rate("C/5"), read_c_rate("0.5C"), read_c_rate("2")) == (0.2, 0.5, 2.0)
    assert read_doi("doi: 10.1000/AbC") == "10.1000/abc"
    with pytest.raises(CellError, match="did you mean 'solid_state'"):
        read_category("synthesis", "solid stat")
    with pytest.raises(CellError, match="expected 0 or 1"):
        read_flag("composite", "perhaps")
    for text in ("C/0", "fast", "C/"):
        with pytest.raises(CellError, match="expected a C rate"):
            read_c_rate(text)
    with pytest.raises(CellError, match="expected a DOI"):
        read_doi("Nature 2020")
