"""Figures against figures: readings of one work, equal figures at two temperatures or in two sources."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.audit.finding import Finding, shown
from ssepredict.audit.material import Material, rows_of
from ssepredict.columns import ACCESS, TEMPERATURE_BANDS

SHIFTED_C = 15.0
"""Equal conductivities further apart than this contradict each other: at 0.3 eV they differ by 1.7."""

RECURRING = 3
"""Equal values in different works count when the same two temperatures are mixed up for so many compositions;
single coincidences happen (3 in the shipped dataset, no two with the same temperatures)."""

SAME_TEMPERATURE_C = 5.0
DISAGREEMENT_DECADES = 1.0
SPREAD_DECADES = 2.0
_OPEN = ("", "unspecified")
_EXTREMES = 200
_LARGEST_GROUP = 60
"""Rows of one value and composition held against each other; more say nothing new and cost their square."""


def temperature_findings(given: Material, contradicted: Collection[str]) -> list[Finding]:
    """Find one value reported at two temperatures: one of them is wrong.

    Counts within one work, and between works where it recurs. The row that its own activation energy
    contradicts is the wrong one; otherwise the one that was read further from the source; otherwise both are
    doubtful.

    Parameters
    ----------
    given : Material
    contradicted : collection of str
        Conductivities that `ssepredict.audit.arrhenius.ratio_findings` doubts.
    """
    table = given.conductivity
    table = table[table["temperature_c"].notna()]
    pairs = _pairs(table.assign(same=_written(table["value"], ".2e")), ["key", "same"])
    apart = (pairs["temperature_c_1"] - pairs["temperature_c_2"]).abs()
    pairs = pairs[(apart > SHIFTED_C) & _compatible(pairs) & _other_reading(pairs)]
    apart = apart[pairs.index]
    cold = np.minimum(pairs["temperature_c_1"], pairs["temperature_c_2"])
    shift = cold.round().astype(str) + "-" + (cold + apart).round().astype(str)
    compositions = pairs.groupby(shift)["key"].nunique()
    same_work = pairs["work_id_1"] == pairs["work_id_2"]
    pairs = pairs[same_work | (shift.map(compositions) >= RECURRING)]
    findings: dict[str, Finding] = {}
    for pair in rows_of(pairs):
        for wrong, right in _blamed(pair, contradicted):
            row = _side(pair, wrong)
            findings.setdefault(
                row["measurement_id"],
                _finding(
                    "temperature_label",
                    row,
                    f"the same value at {shown(pair[f'temperature_c_{right}'], '°C')} "
                    f"({pair[f'measurement_id_{right}']})",
                    "two readings of one figure; its temperature is wrong in one of them, here most likely",
                    "flagged",
                ),
            )
    return list(findings.values())


def unit_findings(given: Material) -> list[Finding]:
    """Find readings of one work that are equal up to a power of ten: a unit or an exponent slipped.

    The reading further from what other works report for the composition is the wrong one.
    """
    table = given.conductivity
    written = _written(table["value"], ".2e")
    table = table.assign(same=written.str.split("e").str[0])
    pairs = _pairs(table, ["work_id", "key", "same"])
    decades = (pairs["log10_1"] - pairs["log10_2"]).abs()
    one_sample = (pairs["sample_id_1"] == pairs["sample_id_2"]) & (
        pairs["contribution_1"] == pairs["contribution_2"]
    )
    telling = _other_reading(pairs) & (pairs["same"].str.rstrip("0").str.len() > len("1."))
    pairs = pairs[(decades > 0.5) & _compatible(pairs) & _same_temperature(pairs) & (one_sample | telling)]
    typical = table.groupby(["key", "work_id"])["log10"].median().reset_index()
    levels: dict[str, list[tuple[str, float]]] = {}
    for key, work, level in typical.itertuples(index=False, name=None):
        levels.setdefault(key, []).append((work, level))
    findings: dict[str, Finding] = {}
    for pair in rows_of(pairs):
        others = [level for work, level in levels[pair["key"]] if work != pair["work_id"]]
        for wrong, right in _farther(pair, float(np.median(others)) if others else float("nan")):
            row = _side(pair, wrong)
            findings.setdefault(
                row["measurement_id"],
                _finding(
                    "unit_slip",
                    row,
                    f"{shown(pair[f'value_{right}'], 'S/cm')} in {pair[f'measurement_id_{right}']}",
                    "two readings of one work equal up to a power of ten",
                    "flagged",
                ),
            )
    return list(findings.values())


def disagreement_findings(given: Material, slipped: Collection[str]) -> list[Finding]:
    """Find figures of one sample and condition, or readings of one work, more than a decade apart.

    Parameters
    ----------
    given : Material
    slipped : collection of str
        Figures that `unit_findings` explains already.
    """
    table = given.conductivity[~given.conductivity["measurement_id"].isin(list(slipped))]
    # In a large group only the extremes matter: what is a decade apart is among them.
    low = table.groupby(["work_id", "key"])["log10"].rank(method="first")
    high = table.groupby(["work_id", "key"])["log10"].rank(method="first", ascending=False)
    pairs = _pairs(table[(low <= _EXTREMES) | (high <= _EXTREMES)], ["work_id", "key"], 2 * _EXTREMES)
    decades = (pairs["log10_1"] - pairs["log10_2"]).abs()
    far = decades > DISAGREEMENT_DECADES
    one_sample = pairs["sample_id_1"] == pairs["sample_id_2"]
    pairs = pairs[far & _compatible(pairs) & _same_temperature(pairs) & (one_sample | _other_reading(pairs))]
    # Of many figures of one sample and condition, the two furthest apart say it.
    condition_of = [f"{name}_{side}" for name in ("sample_id", "contribution", "read_in") for side in (1, 2)]
    pairs = pairs.assign(decades=decades[pairs.index]).sort_values("decades", ascending=False, kind="stable")
    pairs = pairs.drop_duplicates(condition_of).sort_index()
    findings = []
    for pair in rows_of(pairs):
        first, second = sorted((1, 2), key=lambda side: pair[f"measurement_id_{side}"])
        other = bool(pair["source_id_1"] != pair["source_id_2"] or pair["read_in_1"] != pair["read_in_2"])
        wrong = [side for side, _ in _further_read(pair)] if other else []
        flagged = tuple(str(pair[f"measurement_id_{side}"]) for side in wrong)
        temperature = pair[f"temperature_c_{first}"]
        condition = [str(pair[f"contribution_{first}"])] if pair[f"contribution_{first}"] else []
        condition += [f"at {shown(temperature, '°C')}"] if np.isfinite(temperature) else []
        findings.append(
            Finding(
                "compilation_disagreement",
                str(pair[f"source_id_{first}"]),
                f"{pair[f'formula_{first}']}, {pair[f'measurement_id_{first}']} and "
                f"{pair[f'measurement_id_{second}']}",
                ", ".join(
                    [
                        f"{pair[f'value_{first}']:.6g} and {shown(pair[f'value_{second}'], 'S/cm')}",
                        *condition,
                    ]
                ),
                "one value for one sample and condition",
                "readings of one work differ; the one read further from the source is doubtful"
                if flagged
                else "an unstated difference between specimens or tests; both rows are kept",
                "flagged" if flagged else "kept",
                flagged or (str(pair["measurement_id_1"]), str(pair["measurement_id_2"])),
            )
        )
    return findings


def duplicate_findings(given: Material) -> list[Finding]:
    """Find works that share figures: most likely one paper under two sources, or a figure taken over.

    One figure with three significant digits, or two figures with two, are taken for more than chance.
    """
    table = given.conductivity
    digits = table["value"].map(lambda value: len(f"{value:.6e}".split("e")[0].replace(".", "").rstrip("0")))
    table = table.assign(same=_written(table["value"], ".6e"), digits=digits)[digits >= 2]
    pairs = _pairs(table, ["key", "same"])
    pairs = pairs[(pairs["work_id_1"] != pairs["work_id_2"]) & _compatible(pairs) & _same_temperature(pairs)]
    works = pairs[["work_id_1", "work_id_2"]].to_numpy(dtype=str)
    works.sort(axis=1)
    pairs = pairs.assign(first=works[:, 0], second=works[:, 1])
    findings = []
    for (first, second), group in pairs.groupby(["first", "second"], sort=True):
        once = group.drop_duplicates(["key", "same"])
        if len(once) < 2 and once["digits_1"].max() < 3:
            continue
        shared = [
            f"{pair['formula_1']}, {pair['measurement_id_1']} and {pair['measurement_id_2']}"
            for pair in rows_of(once)
        ]
        findings.append(
            Finding(
                "duplicate_figure",
                "",
                "; ".join(shared),
                ", ".join(shown(value, "S/cm") for value in once["value_1"]),
                f"figures of their own in {first} and {second}",
                "equal figures in two works: perhaps one paper under two sources, or a figure taken over",
                "kept",
                tuple(sorted({*once["measurement_id_1"], *once["measurement_id_2"]})),
            )
        )
    return findings


def spread_findings(given: Material) -> list[Finding]:
    """Find compositions that independent works report two decades apart or more near room temperature."""
    low, high = TEMPERATURE_BANDS["room"]
    table = given.conductivity
    table = table[table["temperature_c"].between(low, high) & (table["contribution"] != "grain_boundary")]
    typical = table.groupby(["key", "work_id"], as_index=False).agg(
        log10=("log10", "median"), formula=("formula", "first")
    )
    findings = []
    for _, group in typical.groupby("key", sort=True):
        ordered = group.sort_values("log10", kind="stable")
        smallest, largest = ordered.iloc[0], ordered.iloc[-1]
        if largest["log10"] - smallest["log10"] < SPREAD_DECADES:
            continue
        findings.append(
            Finding(
                "spread_between_sources",
                "",
                f"{sorted(group['formula'])[0]} at room temperature",
                f"{10 ** smallest['log10']:.2g} to {10 ** largest['log10']:.2g} S/cm",
                "one value",
                f"{len(group)} works, lowest {smallest['work_id']}, highest {largest['work_id']}: "
                "processing, density and contribution matter as much as the formula",
                "kept",
            )
        )
    return findings


def _pairs(table: pd.DataFrame, on: list[str], largest: int = _LARGEST_GROUP) -> pd.DataFrame:
    """Every two rows that agree in `on`, once; columns end in _1 and _2, except those of `on`."""
    numbered = table.reset_index(drop=True)
    several = numbered[numbered.duplicated(on, keep=False)].reset_index(names="place")
    several = several[several.groupby(on).cumcount() < largest]
    joined = several.merge(several, on=on, suffixes=("_1", "_2"))
    joined = joined[joined["place_1"] < joined["place_2"]].reset_index(drop=True)
    for column in on:
        joined[f"{column}_1"] = joined[f"{column}_2"] = joined[column]
    return joined


def _compatible(pairs: pd.DataFrame) -> pd.Series[bool]:
    """Whether both may describe the same contribution."""
    first, second = pairs["contribution_1"], pairs["contribution_2"]
    return (first == second) | first.isin(_OPEN) | second.isin(_OPEN)


def _same_temperature(pairs: pd.DataFrame) -> pd.Series[bool]:
    apart = (pairs["temperature_c_1"] - pairs["temperature_c_2"]).abs()
    return (apart <= SAME_TEMPERATURE_C) | apart.isna()


def _other_reading(pairs: pd.DataFrame) -> pd.Series[bool]:
    return (pairs["source_id_1"] != pairs["source_id_2"]) | (pairs["read_in_1"] != pairs["read_in_2"])


def _written(values: pd.Series[float], form: str) -> pd.Series[str]:
    # An empty column mapped stays one of numbers, which has no text methods.
    return values.map(lambda value: format(value, form)).astype(object)


def _side(pair: dict[str, Any], side: int) -> dict[str, Any]:
    return {name[:-2]: value for name, value in pair.items() if name.endswith(f"_{side}")}


def _finding(rule: str, row: dict[str, Any], expected: str, note: str, decision: str) -> Finding:
    temperature = row["temperature_c"]
    where = f" at {shown(temperature, '°C')}" if np.isfinite(temperature) else ""
    return Finding(
        rule,
        str(row["source_id"]),
        f"{row['formula']}, {row['measurement_id']}",
        f"{shown(row['value'], 'S/cm')}{where}",
        expected,
        note,
        decision,
        (str(row["measurement_id"]),),
    )


def _blamed(pair: dict[str, Any], contradicted: Collection[str]) -> list[tuple[int, int]]:
    doubted = [pair[f"measurement_id_{side}"] in contradicted for side in (1, 2)]
    if doubted[0] != doubted[1]:
        return [(1, 2)] if doubted[0] else [(2, 1)]
    return _further_read(pair)


def _further_read(pair: dict[str, Any]) -> list[tuple[int, int]]:
    """(wrong, right): the reading further from the source is the wrong one; both where they are equal."""
    steps = [
        (int(pair[f"secondary_{side}"]), int(pair[f"computed_{side}"]), _distance(pair[f"read_as_{side}"]))
        for side in (1, 2)
    ]
    if steps[0] == steps[1]:
        return [(1, 2), (2, 1)]
    return [(1, 2)] if steps[0] > steps[1] else [(2, 1)]


def _distance(read_as: str) -> int:
    return ACCESS.index(read_as) if read_as in ACCESS else len(ACCESS)


def _farther(pair: dict[str, Any], around: float) -> list[tuple[int, int]]:
    off = [abs(pair[f"log10_{side}"] - around) for side in (1, 2)]
    if not np.isfinite(around) or off[0] == off[1]:
        return _further_read(pair)
    return [(1, 2)] if off[0] > off[1] else [(2, 1)]
