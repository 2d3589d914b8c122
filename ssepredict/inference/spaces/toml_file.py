"""TOML files: any by its path, those that travel with the package also by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ssepredict.exceptions import SpaceError, did_you_mean


def read_toml(path: str | Path, kind: str, shipped: Mapping[str, Path]) -> dict[str, Any]:
    """Plain values of a file; a file of the working folder goes before a shipped one of the same name.

    Parameters
    ----------
    path : str or Path
        A TOML file, or the name of a shipped one.
    kind : str
        What the file describes, for messages: ``"space"`` or ``"objective"``.
    shipped : mapping of str to Path
        The files of that kind that travel with the package, by name.

    Raises
    ------
    SpaceError
        When the file is missing, unreadable or no TOML.

    Examples
    --------
    >>> from ssepredict.resources import shipped_spaces
    >>> read_toml("li2zrcl6", "space", shipped_spaces())["host"]
    'Li2ZrCl6'
    """
    name = str(path)
    file = Path(path)
    if not file.is_file() and name in shipped:
        file = shipped[name]
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpaceError(
            f"{kind} file {name!r} does not exist; give the path of a TOML file or one of the "
            f"shipped {kind}s {', '.join(shipped)}{did_you_mean(name, shipped)}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpaceError(f"{kind} file {name!r} cannot be read ({error}); give a UTF-8 TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise SpaceError(f"{kind} file {name!r} is no TOML: {error}; correct that place") from None
