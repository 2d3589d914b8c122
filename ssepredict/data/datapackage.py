"""The data package descriptor (Frictionless), generated from `ssepredict.columns` so that they agree.

References
----------
Data Package 1.0 and Table Schema 1.0, https://specs.frictionlessdata.io.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ssepredict.columns import (
    DECISIONS,
    DERIVED_TABLES,
    DERIVED_TITLES,
    EXCLUSION_REASONS,
    FOREIGN_KEYS,
    ORIGINS,
    PRIMARY_KEYS,
    QUANTITIES,
    TABLE_TITLES,
    TABLES,
    Column,
)

MISSING_VALUE_POLICY = (
    "An empty cell means that the value is missing, for the reason given in the field's 'missingMeaning'. No "
    "value is filled in, estimated or rounded; a limit keeps its sign in the column 'bound'; a temperature "
    "that is not stated is empty, not 25 °C. Flags are never empty."
)

_TYPES = {"text": "string", "category": "string", "number": "number", "integer": "integer", "flag": "integer"}

LICENSES = (
    {
        "name": "CC-BY-4.0",
        "title": "Creative Commons Attribution 4.0 (selection and arrangement; each figure is its source's)",
        "path": "https://creativecommons.org/licenses/by/4.0/",
    },
)

COMPILATIONS = (
    {
        "title": "M. Guin, F. Tietz, J. Power Sources 273 (2015) 1056",
        "path": "https://doi.org/10.1016/j.jpowsour.2014.09.137",
    },
    {
        "title": "OBELiX (NRC-Mila), CC BY 4.0",
        "path": "https://doi.org/10.1039/d5dd00441a",
    },
    {
        "title": "Liverpool ionics database, Hargreaves et al., npj Comput. Mater. 9, 9 (2023)",
        "path": "https://doi.org/10.1038/s41524-022-00951-z",
    },
    {
        "title": "Laskowski et al., Energy Environ. Sci. 16, 1264 (2023)",
        "path": "https://doi.org/10.1039/d2ee03499a",
    },
    {
        "title": "Scandium Labs, solid-state battery dataset, CC BY 4.0",
        "path": "https://github.com/ScandiumLabs-in/Scandium-Labs-Solid-State-Battery-Dataset",
    },
    {
        "title": "Kang et al., halide solid electrolytes, MIT",
        "path": "https://github.com/liyanant/multi_prop_pred_halide_SEs",
    },
)


def datapackage(derived: Collection[str] = tuple(DERIVED_TABLES)) -> dict[str, Any]:
    """Describe every table and column.

    Parameters
    ----------
    derived : collection of str
        Computed tables that lie beside the others.

    Returns
    -------
    dict
        A Frictionless data package, ready for JSON.

    Examples
    --------
    >>> [resource["name"] for resource in datapackage()["resources"]]
    ['sources', 'samples', 'transport', 'cells', 'discrepancies', 'excluded', 'reproducibility', 'folds',
     'descriptors', 'dynamics', 'lattice']
    """
    return {
        "profile": "tabular-data-package",
        "name": "ssepredict-datasets",
        "title": "Published measurements on doped NASICON and halide solid electrolytes",
        "description": "One row is one figure as a source reports it; see README.md beside this file.",
        "missingValuePolicy": MISSING_VALUE_POLICY,
        "licenses": [dict(licence) for licence in LICENSES],
        "sources": [dict(source) for source in COMPILATIONS],
        "quantities": [
            {
                "name": quantity.name,
                "resource": quantity.table,
                "unit": quantity.unit,
                "description": quantity.meaning,
                "minimum": float(quantity.minimum),
                "maximum": float(quantity.maximum),
            }
            for quantity in QUANTITIES.values()
        ],
        "exclusionReasons": dict(EXCLUSION_REASONS),
        "decisions": dict(DECISIONS),
        "origins": dict(ORIGINS),
        "resources": [
            *(_resource(name) for name in TABLES),
            *(_derived_resource(name) for name in DERIVED_TABLES if name in derived),
        ],
    }


def write_datapackage(folder: str | Path) -> Path:
    """Write ``datapackage.json`` into a folder, with the computed tables that it holds; return its path."""
    path = Path(folder) / "datapackage.json"
    present = [name for name in DERIVED_TABLES if (path.parent / f"{name}.csv").exists()]
    path.write_text(json.dumps(datapackage(present), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _resource(name: str) -> dict[str, Any]:
    foreign = [
        {
            "fields": key.column,
            # Frictionless writes a table's reference to itself as an empty resource.
            "reference": {
                "resource": "" if key.to_table == name else key.to_table,
                "fields": key.to_column,
            },
        }
        for key in FOREIGN_KEYS
        if key.table == name
    ]
    schema: dict[str, Any] = {
        "fields": [_field(name, column) for column in TABLES[name]],
        "missingValues": [""],
        "primaryKey": PRIMARY_KEYS[name],
    }
    if foreign:
        schema["foreignKeys"] = foreign
    return _table_resource(name, TABLE_TITLES[name], schema)


def _derived_resource(name: str) -> dict[str, Any]:
    fields = [_field(name, column) for column in DERIVED_TABLES[name]]
    return _table_resource(name, DERIVED_TITLES[name], {"fields": fields, "missingValues": [""]})


def _table_resource(name: str, title: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "path": f"{name}.csv",
        "profile": "tabular-data-resource",
        "title": title,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(table: str, column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.dtype],
        "description": column.meaning,
    }
    if column.unit:
        field["unit"] = column.unit
    if column.unit == "by quantity":
        field["unitByQuantity"] = {
            quantity.name: quantity.unit
            for quantity in QUANTITIES.values()
            if table in (quantity.table, "excluded")
        }
    constraints: dict[str, Any] = {}
    if column.required or column.dtype == "flag":
        constraints["required"] = True
    else:
        field["missingMeaning"] = column.missing
    if column.name == PRIMARY_KEYS.get(table):
        constraints["unique"] = True
    if column.dtype == "flag":
        constraints |= {"minimum": 0, "maximum": 1}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    for bound, value in (("minimum", column.minimum), ("maximum", column.maximum)):
        if value is not None:
            constraints[bound] = int(value) if column.dtype == "integer" else float(value)
    if constraints:
        field["constraints"] = constraints
    return field
