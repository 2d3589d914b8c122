"""The TOML file that says what the columns of a user's table mean.

.. code-block:: toml

    ignore = ["lab book", "operator"]

    [columns]
    "K25" = "bulk conductivity at 25 °C (mS/cm)"
    "my sample" = "formula"

    [constants]
    synthesis = "sol_gel"
    "temperature (K)" = 298.15
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ssepredict.exceptions import SsePredictError, TableError, did_you_mean

_KEYS = ("ignore", "columns", "constants")


@dataclass(frozen=True)
class ColumnMapping:
    """What a user's headers mean.

    Parameters
    ----------
    columns : mapping of str to str
        Header in the file to a header that `headers.parse_header` understands.
    ignore : tuple of str
        Headers to leave out.
    constants : mapping of str to str
        Header to the cell that every row has there.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)


def load_mapping(path: str | Path) -> ColumnMapping:
    """Read a mapping.

    Raises
    ------
    SsePredictError
        When the file is no TOML.
    TableError
        When keys are unknown or hold something else; every such key is named.
    """
    where = Path(path)
    try:
        content = tomllib.loads(where.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SsePredictError(
            f"mapping {str(where)!r} does not exist; give the path of a TOML file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SsePredictError(f"mapping {str(where)!r} is no TOML: {error}") from None
    failures = [
        f"{key}: unknown key{did_you_mean(key, _KEYS)}; expected {', '.join(_KEYS)}"
        for key in content
        if key not in _KEYS
    ]
    ignore = content.get("ignore", [])
    if not isinstance(ignore, list) or not all(isinstance(name, str) for name in ignore):
        failures.append(f"ignore: got {ignore!r}, expected a list of headers in quotes")
    columns = _texts(content, "columns", (str,), failures)
    constants = _texts(content, "constants", (str, int, float), failures)
    if failures:
        raise TableError(f"mapping {str(where)!r} cannot be used", failures)
    return ColumnMapping(columns, tuple(ignore), constants)


def _texts(
    content: Mapping[str, Any], key: str, kinds: tuple[type, ...], failures: list[str]
) -> dict[str, str]:
    table = content.get(key, {})
    if not isinstance(table, dict):
        failures.append(f"{key}: got {table!r}, expected a table [{key}]")
        return {}
    texts = {}
    for name, value in table.items():
        if isinstance(value, kinds):
            texts[name] = str(int(value)) if isinstance(value, bool) else str(value)
        else:
            failures.append(f"{key}.{name}: got {value!r}, expected a text; put names with spaces in quotes")
    return texts
