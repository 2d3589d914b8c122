"""Objective files: the shipped ones by name, any other by path."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ssepredict.exceptions import SpaceError, did_you_mean

_FOLDER = Path(__file__).with_name("objectives")


def shipped_objectives() -> dict[str, Path]:
    """Objectives that travel with the package, by name.

    Examples
    --------
    >>> sorted(shipped_objectives())
    ['affordable', 'best_conductor', 'cautious']
    """
    return {path.stem: path for path in sorted(_FOLDER.glob("*.toml"))}


def read_objective(path: str | Path) -> dict[str, Any]:
    """Plain values of an objective file.

    Parameters
    ----------
    path : str or Path
        A TOML file, or the name of a shipped objective.

    Raises
    ------
    SpaceError
        When the file is missing, unreadable or no TOML.
    """
    shipped = shipped_objectives()
    file = Path(path)
    if not file.is_file() and str(path) in shipped:
        file = shipped[str(path)]
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpaceError(
            f"objective file {str(path)!r} does not exist; give the path of a TOML file or one of the "
            f"shipped objectives {', '.join(shipped)}{did_you_mean(str(path), shipped)}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpaceError(
            f"objective file {str(path)!r} cannot be read ({error}); give a UTF-8 TOML file"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SpaceError(f"objective file {str(path)!r} is no TOML: {error}; correct that place") from None
