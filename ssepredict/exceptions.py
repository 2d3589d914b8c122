"""The errors a user can meet. Every message says what, got, expected and remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class SsePredictError(Exception):
    """Base of every error that bad input can cause; the command line turns it into exit status 1."""


class FormulaError(SsePredictError, ValueError):
    """One or more formulas cannot be used.

    Parameters
    ----------
    problems : sequence of (int, str, str)
        Row number (0-based), the formula as given, what is wrong and what to do.

    Examples
    --------
    >>> str(FormulaError([(0, "Na3Xy", "unknown element 'Xy'")]))
    "formula 'Na3Xy': unknown element 'Xy'"
    """

    def __init__(self, problems: Sequence[tuple[int, str, str]]) -> None:
        self.problems = list(problems)
        if len(self.problems) == 1:
            _, text, problem = self.problems[0]
            message = f"formula {text!r}: {problem}"
        else:
            lines = [f"  row {row + 1}, {text!r}: {problem}" for row, text, problem in self.problems]
            message = f"{len(lines)} formulas cannot be used\n" + "\n".join(lines)
        super().__init__(message)


class TableError(SsePredictError, ValueError):
    """A table breaks its rules; every failure is listed with file, row and column."""

    def __init__(self, heading: str, failures: Sequence[str]) -> None:
        self.failures = list(failures)
        super().__init__(heading + "".join(f"\n  {failure}" for failure in self.failures))


class SpaceError(SsePredictError, ValueError):
    """A substitution space or an objective is described wrongly."""


class ModelError(SsePredictError):
    """A released model cannot be read or trusted."""


class RankingError(SsePredictError):
    """A ranking cannot be started, resumed or written."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest choice, or an empty string.

    Examples
    --------
    >>> did_you_mean("fraktions", ["fractions", "ions"])
    "; did you mean 'fractions'?"
    >>> did_you_mean("zzz", ["fractions"])
    ''
    """
    near = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
