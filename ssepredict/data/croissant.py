"""The Croissant description of a dataset, generated from `ssepredict.columns` and the files beside it.

References
----------
Croissant 1.0, http://mlcommons.org/croissant/1.0 (M. Akhtar et al., doi 10.1145/3650203.3663326).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ssepredict import __version__
from ssepredict.columns import (
    DERIVED_TABLES,
    DERIVED_TITLES,
    FOREIGN_KEYS,
    PRIMARY_KEYS,
    QUANTITIES,
    TABLE_TITLES,
    TABLES,
    Column,
)
from ssepredict.data.datapackage import LICENSES, MISSING_VALUE_POLICY, datapackage

FILE = "croissant.json"

_TYPES = {
    "text": "sc:Text",
    "category": "sc:Text",
    "number": "sc:Float",
    # A whole number that may be missing has no integer to stand for "missing".
    "integer": "sc:Float",
    "flag": "sc:Integer",
}
_TERMS = (
    "citeAs column conformsTo:dct dataType equivalentProperty examples extract field fileProperty fileObject "
    "fileSet format includes isLiveDataset jsonPath key md5 parentField path recordSet references regex "
    "repeated replace samplingRate separator source subField transform data"
)
_TYPED = {"data": "@json", "examples": "@json", "dataType": "@vocab"}


def croissant(folder: str | Path) -> dict[str, Any]:
    """Describe the tables of a folder.

    Parameters
    ----------
    folder : str or Path
        Holds the CSV files, which are hashed; computed tables are described when they are there.

    Returns
    -------
    dict
        JSON-LD.
    """
    place = Path(folder)
    package = datapackage()
    derived = {name: table for name, table in DERIVED_TABLES.items() if (place / f"{name}.csv").exists()}
    tables = {**TABLES, **derived}
    return {
        "@context": _context(),
        "@type": "sc:Dataset",
        "name": package["name"],
        "description": f"{package['title']}. {package['description']} {MISSING_VALUE_POLICY}",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "version": __version__,
        "citeAs": f"ssepredict {__version__}, with the digest that `ssepredict data summary` prints, and the "
        "sources of the figures used",
        "license": LICENSES[0]["path"],
        "isBasedOn": [source["path"] for source in package["sources"]],
        "keywords": ["solid electrolyte", "NASICON", "halide", "conductivity", "critical current density"],
        "distribution": [_file(place / f"{name}.csv") for name in tables],
        "recordSet": [_record_set(name, columns) for name, columns in tables.items()],
    }


def write_croissant(folder: str | Path) -> Path:
    """Write ``croissant.json`` into a folder and return its path."""
    path = Path(folder) / FILE
    path.write_text(json.dumps(croissant(folder), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _context() -> dict[str, Any]:
    context: dict[str, Any] = {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "sc": "https://schema.org/",
    }
    for term in _TERMS.split():
        name, _, prefix = term.partition(":")
        identifier = f"{prefix or 'cr'}:{name}"
        context[name] = {"@id": identifier, "@type": _TYPED[name]} if name in _TYPED else identifier
    return context


def _file(path: Path) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "encodingFormat": "text/csv",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _record_set(name: str, columns: Sequence[Column]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": {**TABLE_TITLES, **DERIVED_TITLES}[name],
        "field": [_field(name, column) for column in columns],
    }
    if name in PRIMARY_KEYS:
        record["key"] = {"@id": f"{name}/{PRIMARY_KEYS[name]}"}
    return record


def _field(table: str, column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table}/{column.name}",
        "name": column.name,
        "description": _description(table, column),
        "dataType": _TYPES[column.dtype],
        "source": {"fileObject": {"@id": f"{table}.csv"}, "extract": {"column": column.name}},
    }
    for key in FOREIGN_KEYS:
        if (key.table, key.column) == (table, column.name) and key.to_table != table:
            field["references"] = {"field": {"@id": f"{key.to_table}/{key.to_column}"}}
    return field


def _description(table: str, column: Column) -> str:
    unit = column.unit
    if unit == "by quantity":
        known = [q for q in QUANTITIES.values() if table in (q.table, "excluded")]
        unit = "unit by quantity: " + ", ".join(f"{q.name} {q.unit}" for q in known)
    required = column.required or column.dtype == "flag"
    return "; ".join(
        part for part in (column.meaning, unit, "" if required else f"empty: {column.missing}") if part
    )
