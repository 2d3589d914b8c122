"""The tables of measurements: their columns, titles and keys."""

from __future__ import annotations

from ssepredict.columns.records import Column, ForeignKey
from ssepredict.columns.vocabulary import (
    ACCESS,
    CONTRIBUTIONS,
    DECISIONS,
    DISCREPANCY_RULES,
    EXCLUSION_REASONS,
    FAMILY_NAMES,
    FRAMEWORK_NAMES,
    ORIGINS,
    QUANTITIES,
    SYNTHESES,
)

_FLAGS = (
    Column("secondary", "1: the figure was read in another work that cites it", "flag"),
    Column("computed", "1: extrapolated with the Arrhenius equation, not measured", "flag"),
    Column("suspect", "1: contradicts its own row or another reading of the same work", "flag"),
)
_READ = (
    Column("read_in", "address or file in which the figure was read", missing="no address recorded"),
    Column("read_as", "how that was read", "category", allowed=ACCESS, required=True),
)
_MEASURED = (
    Column("measurement_id", "key of the reported figure", required=True),
    Column("sample_id", "sample on which it was measured", required=True),
)
_VALUE = (
    Column("value", "the figure as reported, never rounded", "number", "by quantity", required=True),
    Column(
        "bound", "< or > when the source gives a limit", "category", allowed=("<", ">"), missing="no limit"
    ),
    Column("temperature_c", "temperature of the measurement", "number", "°C", minimum=-273.15, maximum=2000),
)
_PRESSURE = Column("stack_pressure_mpa", "pressure on the cell", "number", "MPa", minimum=0, maximum=2000)


def _quantity_column(table: str) -> Column:
    names = tuple(name for name, quantity in QUANTITIES.items() if quantity.table == table)
    return Column(
        "quantity", "what was measured; fixes the unit of `value`", "category", "", names, required=True
    )


TABLES: dict[str, tuple[Column, ...]] = {
    "sources": (
        Column("source_id", "key of the source: one paper, or one reference of a survey", required=True),
        Column(
            "work_id",
            "source_id that stands for all sources of the same paper; the group to leave out together",
            required=True,
        ),
        Column("doi", "DOI of the source itself, never that of a survey", missing="not known"),
        Column("citation", "journal reference or title", missing="not known"),
        Column(
            "year", "year of the source itself", "integer", minimum=1900, maximum=2100, missing="not known"
        ),
        Column("access", "best way in which the source was read", "category", allowed=ACCESS, required=True),
        Column(
            "compiled_by",
            "survey or open dataset through which figures came, several separated by '; '",
            missing="read directly",
        ),
        Column("compiled_by_doi", "DOI of the same, in the same order", missing="none or not known"),
        Column("licence_note", "terms of what the figures came through", required=True),
    ),
    "samples": (
        Column("sample_id", "key of the sample", required=True),
        Column("source_id", "source that reports it", required=True),
        Column("formula", "nominal formula as first printed by the source", required=True),
        Column(
            "composition_key",
            "computed: amounts per 12 anions (halides 6) to three decimals; the same for every writing",
            required=True,
        ),
        Column("family", "computed: mobile ion and group", "category", allowed=FAMILY_NAMES, required=True),
        Column(
            "framework", "computed: crystal framework", "category", allowed=FRAMEWORK_NAMES, required=True
        ),
        Column("host", "computed: undoped reference composition", required=True),
        Column("synthesis", "route", "category", allowed=SYNTHESES),
        Column("sinter_temperature_c", "highest firing temperature", "number", "°C", minimum=0, maximum=2500),
        Column("sinter_time_h", "time at that temperature", "number", "h", minimum=0, maximum=1000),
        Column("relative_density_pct", "share of the ideal density", "number", "%", minimum=1, maximum=100),
        Column("phase", "space group or phases as stated"),
        Column("composite", "1: the sample holds an additive beside the formula", "flag"),
    ),
    "transport": (
        *_MEASURED,
        _quantity_column("transport"),
        *_VALUE,
        Column(
            "contribution",
            "what the figure describes; unspecified: the source was read and leaves it open",
            "category",
            allowed=CONTRIBUTIONS,
            missing="no contribution recorded",
        ),
        Column(
            "phase_range",
            "the polymorph's range to which an activation energy belongs",
            "category",
            allowed=("low_temperature", "high_temperature"),
            missing="one range only, or not stated",
        ),
        Column("electrodes", "contacts, first|second"),
        Column("interface", "contact layer or additive as stated"),
        _PRESSURE,
        *_READ,
        *_FLAGS,
    ),
    "cells": (
        *_MEASURED,
        _quantity_column("cells"),
        *_VALUE,
        Column("negative_electrode", "negative electrode; in a symmetric cell both are the same"),
        Column("positive_electrode", "positive electrode"),
        Column("interface", "interlayer, coating, wetting or additive as stated"),
        Column("current_density_ma_cm2", "current density", "number", "mA/cm2", minimum=0, maximum=1000),
        Column("c_rate", "current as a C rate (C/5 is 0.2)", "number", "1/h", minimum=0, maximum=1000),
        Column(
            "current_as_reported",
            "current as written, where it is neither one mA/cm2 figure nor a C rate",
            missing="given in the two columns before, or not stated",
        ),
        Column("cycles", "charge and discharge cycles", "integer", minimum=1, maximum=1e6),
        _PRESSURE,
        *_READ,
        *_FLAGS,
    ),
    "discrepancies": (
        Column("discrepancy_id", "key of the finding", required=True),
        Column("source_id", "source concerned", missing="several sources, named in the note"),
        Column("subject", "what is concerned: a formula, a figure, a statement", required=True),
        Column("reported", "what the source says", required=True),
        Column("expected", "what it should say, or what contradicts it", required=True),
        Column("rule", "check that found it", "category", allowed=DISCREPANCY_RULES, required=True),
        Column(
            "decision",
            "what happens to the rows concerned",
            "category",
            allowed=tuple(DECISIONS),
            required=True,
        ),
        Column("origin", "who found it", "category", allowed=tuple(ORIGINS), required=True),
        Column("note", "how it is handled here", missing="nothing to add"),
    ),
    "excluded": (
        Column("measurement_id", "key of the reported figure", required=True),
        Column("source_id", "source that reports it", required=True),
        Column("formula", "formula as printed", required=True),
        Column("stated_family", "family given by the collection", "category", allowed=FAMILY_NAMES),
        Column("quantity", "what was measured", "category", allowed=tuple(QUANTITIES), required=True),
        *_VALUE,
        Column("unit", "unit of `value`", required=True),
        Column("contribution", "as in transport", "category", allowed=CONTRIBUTIONS),
        Column("synthesis", "as in samples", "category", allowed=SYNTHESES),
        Column("sinter_temperature_c", "as in samples", "number", "°C", minimum=0, maximum=2500),
        Column("sinter_time_h", "as in samples", "number", "h", minimum=0, maximum=1000),
        Column("relative_density_pct", "as in samples", "number", "%", minimum=1, maximum=100),
        Column("phase", "as in samples"),
        Column("composite", "as in samples", "flag"),
        *_READ,
        *_FLAGS,
        Column("reason", "code", "category", allowed=tuple(EXCLUSION_REASONS), required=True),
        Column("explanation", "the reason in words", required=True),
    ),
}
"""Table name to its columns, in the order of the file."""

TABLE_TITLES = {
    "sources": "one row per source of figures",
    "samples": "one row per sample: a composition as one source made it",
    "transport": "one row per reported transport figure",
    "cells": "one row per reported figure of a cell test",
    "discrepancies": "contradictions and errors found in the literature",
    "excluded": "reported figures that are in no table, with the reason",
}

PRIMARY_KEYS = {
    "sources": "source_id",
    "samples": "sample_id",
    "transport": "measurement_id",
    "cells": "measurement_id",
    "discrepancies": "discrepancy_id",
    "excluded": "measurement_id",
}

FOREIGN_KEYS = (
    ForeignKey("sources", "work_id", "sources", "source_id"),
    ForeignKey("samples", "source_id", "sources", "source_id"),
    ForeignKey("transport", "sample_id", "samples", "sample_id"),
    ForeignKey("cells", "sample_id", "samples", "sample_id"),
    ForeignKey("discrepancies", "source_id", "sources", "source_id"),
    ForeignKey("excluded", "source_id", "sources", "source_id"),
)
