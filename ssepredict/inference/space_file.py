"""Space files: the plain values of a TOML file, or of one that travels with the package."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ssepredict.exceptions import SpaceError, did_you_mean
from ssepredict.resources import shipped_spaces


def read_space(path: str | Path) -> dict[str, Any]:
    """Read a space file.

    Parameters
    ----------
    path : str or Path
        A TOML file, or the name of a shipped space.

    Raises
    ------
    SpaceError
        When the file is missing or unreadable.

    Examples
    --------
    >>> read_space("li2zrcl6")["host"]
    'Li2ZrCl6'
    """
    shipped = shipped_spaces()
    file = Path(path)
    if not file.is_file() and str(path) in shipped:
        file = shipped[str(path)]
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = did_you_mean(str(path), shipped)
        raise SpaceError(
            f"space file {str(path)!r} does not exist; give the path of a TOML file or one of the "
            f"shipped spaces {', '.join(shipped)}{hint}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpaceError(
            f"space file {str(path)!r} cannot be read ({error}); give a UTF-8 TOML file"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SpaceError(f"space file {str(path)!r} is no TOML: {error}; correct that place") from None
