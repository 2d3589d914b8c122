"""Where the shipped data, models and spaces lie: inside an installed wheel, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped_folder(name: str) -> Path:
    """Path of a shipped top-level folder (``"datasets"`` or ``"models"``).

    Raises
    ------
    FileNotFoundError
        When neither the installed package nor a checkout holds the folder.

    Examples
    --------
    >>> shipped_folder("datasets").is_dir()
    True
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise FileNotFoundError(f"folder {name!r} is missing beside {_PACKAGE}; install ssepredict again")


def shipped_spaces() -> dict[str, Path]:
    """Substitution spaces that travel with the package, by name.

    Examples
    --------
    >>> {"li2zrcl6", "na3zr2si2po12"} < set(shipped_spaces())
    True
    """
    return {path.stem: path for path in sorted((_PACKAGE / "inference" / "spaces").glob("*.toml"))}


def shipped_objectives() -> dict[str, Path]:
    """Objectives that travel with the package, by name.

    Examples
    --------
    >>> sorted(shipped_objectives())
    ['affordable', 'best_conductor', 'cautious']
    """
    return {path.stem: path for path in sorted((_PACKAGE / "inference" / "objectives").glob("*.toml"))}
