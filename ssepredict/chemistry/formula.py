"""Formula text to amounts: many formulas at once become one matrix of formulas by elements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.exceptions import FormulaError, did_you_mean

FloatArray = npt.NDArray[np.float64]

ELEMENTS: tuple[str, ...] = tuple(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr "
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu "
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr".split()
)
"""Element symbols in the order of the atomic number, H to Lr."""

ATOMIC_INDEX = {symbol: index for index, symbol in enumerate(ELEMENTS)}

Problem = tuple[int, str, str]
"""Row number (0-based), the formula as given, what is wrong and what to do."""

_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"  # \d would also match digits of other scripts
_PLAIN = re.compile(rf"(?:[A-Z][a-z]?{_NUMBER}?)+")
_TOKEN = re.compile(r"(?:[A-Z][a-z]?|\n)[0-9.]*")
_PIECE = re.compile(
    rf"(?P<symbol>[A-Z][a-z]?)|(?P<open>\()|(?P<close>\))|(?P<number>{_NUMBER}(?:/{_NUMBER})?)"
)
_TYPESETTING = str.maketrans(
    {
        **dict(zip("₀₁₂₃₄₅₆₇₈₉０１２３４５６７８９．", "0123456789" * 2 + ".", strict=True)),
        **dict(zip("[]{}", "()()", strict=True)),
    }
    | dict.fromkeys(" \t\u00a0\u2009\u200b\u2060$", "")
)
_MARKUP = re.compile(r"</?sub>|(?<=[A-Za-z)\]$])_(?=[{0-9.])")
_BRACED_NUMBER = re.compile(rf"\{{({_NUMBER})\}}")
_NAMED_SIGNS = {
    "·": "separates an additive or water; give the electrolyte's own formula",
    "•": "separates an additive or water; give the electrolyte's own formula",
    "*": "separates an additive or water; give the electrolyte's own formula",
    "+": "stands for a charge or a variable; leave charges out and write amounts as numbers, e.g. Na3.4",
    "-": "stands for a charge, a range or a variable; write amounts as numbers, e.g. Zr1.8",
    "−": "stands for a charge, a range or a variable; write amounts as numbers, e.g. Zr1.8",
    "–": "stands for a charge, a range or a variable; write amounts as numbers, e.g. Zr1.8",
    ",": "is no decimal sign here; write a point, e.g. Na3.4",
}


@dataclass(frozen=True)
class CompositionMatrix:
    """Amounts of elements in many formulas.

    Parameters
    ----------
    elements : tuple of str, length m
        Element symbols of the columns, in the order of the atomic number.
    amounts : ndarray of float, shape (n, m)
        Atoms per formula, as written (not rounded, not normalised).
    """

    elements: tuple[str, ...]
    amounts: FloatArray

    def __post_init__(self) -> None:
        if self.amounts.ndim != 2 or self.amounts.shape[1] != len(self.elements):
            raise ValueError(f"amounts have shape {self.amounts.shape}, expected (n, {len(self.elements)})")

    def __len__(self) -> int:
        return len(self.amounts)

    def amount(self, symbol: str) -> FloatArray:
        """Atoms of one element per formula, shape (n,); zeros when no formula holds it."""
        if symbol in self.elements:
            return self.amounts[:, self.elements.index(symbol)]
        return np.zeros(len(self))

    def total(self, symbols: Iterable[str]) -> FloatArray:
        """Atoms of a set of elements per formula, shape (n,)."""
        wanted = set(symbols)
        mask = np.array([symbol in wanted for symbol in self.elements], dtype=np.float64)
        return self.amounts @ mask

    def take(self, rows: npt.ArrayLike) -> CompositionMatrix:
        """Return the given rows (indices or mask) on the same element axis."""
        return CompositionMatrix(self.elements, self.amounts[np.asarray(rows)])

    def on_axis(self, elements: Sequence[str]) -> CompositionMatrix:
        """Return the same amounts on another element axis that holds every element present.

        Raises
        ------
        ValueError
            When an element that is present is missing from the new axis.
        """
        amounts = np.zeros((len(self), len(elements)))
        column = {symbol: index for index, symbol in enumerate(elements)}
        for index, symbol in enumerate(self.elements):
            if symbol in column:
                amounts[:, column[symbol]] = self.amounts[:, index]
            elif self.amounts[:, index].any():
                raise ValueError(
                    f"element {symbol} is present but missing from the new axis {tuple(elements)}"
                )
        return CompositionMatrix(tuple(elements), amounts)


def parse_formulas(texts: Sequence[str]) -> CompositionMatrix:
    """Read formulas as papers print them.

    Parentheses and brackets (nested), decimals, simple fractions (``Sc2/3``), spaces, unicode and
    markup subscripts are understood.

    Parameters
    ----------
    texts : sequence of str, length n

    Returns
    -------
    CompositionMatrix
        n rows; columns are the elements that occur.

    Raises
    ------
    FormulaError
        When any formula cannot be read; every bad row is named.

    Examples
    --------
    >>> parse_formulas(["Na3Zr2(SiO4)2(PO4)", "Li₂ZrCl₆"]).elements
    ('Li', 'O', 'Na', 'Si', 'P', 'Cl', 'Zr')
    """
    composition, problems = read_formulas(texts)
    if problems:
        raise FormulaError(problems)
    return composition


def read_formulas(texts: Sequence[str]) -> tuple[CompositionMatrix, list[Problem]]:
    """Read what can be read; rows that cannot are all zero and named in the second value.

    Parameters
    ----------
    texts : sequence of str, length n

    Returns
    -------
    CompositionMatrix
        n rows.
    list of (int, str, str)
        Row, formula as given, problem.

    Examples
    --------
    >>> composition, problems = read_formulas(["Li3YCl6", "Na3+xZr2Si2PO12"])
    >>> composition.amounts.sum(axis=1).tolist()
    [10.0, 0.0]
    >>> problems[0][2][:20]
    "'+' at position 4 st"
    """
    flat: list[str] = []
    problems: list[Problem] = []
    plain = _PLAIN.fullmatch
    for row, text in enumerate(texts):
        if isinstance(text, str) and plain(text):
            flat.append(text)
            continue
        try:
            flat.append(_flatten(text))
        except ValueError as error:
            flat.append("")
            problems.append((row, str(text), str(error)))
    codes, amounts, rows = _tokens(flat)
    if codes.size and codes.min() < 0:
        problems += _unknown_elements(texts, flat)
        bad = np.isin(rows, [row for row, _, _ in problems])
        codes, amounts, rows = codes[~bad], amounts[~bad], rows[~bad]
    present, columns = np.unique(codes, return_inverse=True)
    shape = (len(flat), len(present))
    counts = np.bincount(rows * shape[1] + columns, weights=amounts, minlength=shape[0] * shape[1])
    matrix = np.asarray(counts, dtype=np.float64).reshape(shape)
    named = {row for row, _, _ in problems}
    totals = matrix.sum(axis=1)
    problems += [
        (
            row,
            str(texts[row]),
            "every amount is zero; write the amounts of the atoms"
            if totals[row] == 0
            else "has an amount that is too large to be a number; write the atoms per formula unit",
        )
        for row in np.flatnonzero((totals == 0) | ~np.isfinite(totals)).tolist()
        if row not in named
    ]
    matrix[~np.isfinite(totals)] = 0.0
    return CompositionMatrix(tuple(ELEMENTS[code] for code in present), matrix), sorted(problems)


def format_formulas(composition: CompositionMatrix, order: Sequence[str] | None = None) -> list[str]:
    """Write compositions as formula text, elements in a given order, absent elements left out.

    Parameters
    ----------
    composition : CompositionMatrix
    order : sequence of str, optional
        Element symbols in printing order; elements not named follow in the order of the axis.

    Returns
    -------
    list of str
        Amounts with at most ten decimals; parsing the text gives the amounts back to 1e-10.

    Examples
    --------
    >>> format_formulas(parse_formulas(["Cl6ZrLi2.10"]), order=["Li", "Zr", "Cl"])
    ['Li2.1ZrCl6']
    """
    named = [symbol for symbol in (order or ()) if symbol in composition.elements]
    printing = named + [symbol for symbol in composition.elements if symbol not in named]
    columns = [composition.elements.index(symbol) for symbol in printing]
    return [
        "".join(
            symbol + _format_amount(value)
            for symbol, value in zip(printing, row[columns], strict=True)
            if round(value, 10) != 0
        )
        for row in composition.amounts
    ]


def _format_amount(value: float) -> str:
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return "" if text == "1" else text


def _tokens(flat: Sequence[str]) -> tuple[npt.NDArray[np.int64], FloatArray, npt.NDArray[np.int64]]:
    """Element codes (-1 unknown), amounts and row numbers of every symbol in plain formulas."""
    tokens = _TOKEN.findall("\n".join(flat))
    # A batch repeats its tokens ("O12", "P"): each distinct one is read once, the rest is a lookup.
    distinct = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    symbols, numbers = _split_tokens(distinct)
    lookup = {**ATOMIC_INDEX, "\n": len(ELEMENTS)}
    read_codes = np.array([lookup.get(symbol, -1) for symbol in symbols], dtype=np.int64)
    read_amounts = np.array([float(number) if number else 1.0 for number in numbers], dtype=np.float64)
    which = np.fromiter(map(distinct.__getitem__, tokens), dtype=np.int64, count=len(tokens))
    codes, amounts = read_codes[which], read_amounts[which]
    breaks = codes == len(ELEMENTS)
    rows = np.cumsum(breaks)
    return codes[~breaks], amounts[~breaks], rows[~breaks]


def _split_tokens(tokens: Iterable[str]) -> tuple[list[str], list[str]]:
    """Symbols and number texts of plain tokens: ``Zr1.7`` is ``Zr`` and ``1.7``."""
    symbols = [token.rstrip("0123456789.") for token in tokens]
    return symbols, [token[len(symbol) :] for token, symbol in zip(tokens, symbols, strict=True)]


def _unknown_elements(texts: Sequence[str], flat: Sequence[str]) -> list[Problem]:
    problems: list[Problem] = []
    for row, text in enumerate(flat):
        for symbol in _split_tokens(_TOKEN.findall(text))[0]:
            if symbol not in ATOMIC_INDEX:
                hint = did_you_mean(symbol, ELEMENTS) or "; use the symbols of the periodic table"
                problems.append((row, str(texts[row]), f"unknown element {symbol!r}{hint}"))
                break
    return problems


def _flatten(text: object) -> str:
    """Expand groups and typesetting into plain ``ElNumber`` text; ValueError names what cannot be read."""
    if not isinstance(text, str):
        raise ValueError(f"is not text but {type(text).__name__}; give a formula such as Na3Zr2Si2PO12")
    clean = _MARKUP.sub("", text)
    clean = _BRACED_NUMBER.sub(r"\1", clean).translate(_TYPESETTING).strip()
    if not clean:
        raise ValueError("is empty; give a formula such as Na3Zr2Si2PO12")
    stack: list[dict[str, float]] = [{}]
    last: dict[str, float] = {}  # what a following number multiplies
    position = 0
    while piece := _PIECE.match(clean, position):
        position = piece.end()
        if symbol := piece["symbol"]:
            _add(stack[-1], last)
            last = {symbol: 1.0}
        elif piece["open"]:
            _add(stack[-1], last)
            last = {}
            stack.append({})
        elif piece["close"]:
            if len(stack) == 1:
                raise ValueError(f"')' at position {position} closes no group; add '(' or remove it")
            _add(stack[-1], last)
            last = stack.pop()
        else:
            last = _multiply(last, piece["number"], position)
            _refuse_second_number(clean, position)
    if position < len(clean):
        raise ValueError(_name_sign(clean, position))
    if len(stack) > 1:
        raise ValueError("'(' is not closed; add ')'")
    _add(stack[0], last)
    return "".join(
        symbol + np.format_float_positional(amount, trim="-") for symbol, amount in stack[0].items()
    )


def _add(group: dict[str, float], part: dict[str, float]) -> None:
    for symbol, amount in part.items():
        group[symbol] = group.get(symbol, 0.0) + amount


def _multiply(part: dict[str, float], number: str, position: int) -> dict[str, float]:
    if not part:
        raise ValueError(
            f"number {number!r} before position {position} follows no element; write it after one"
        )
    numerator, _, denominator = number.partition("/")
    if denominator and float(denominator) == 0:
        raise ValueError(f"{number!r} divides by zero")
    factor = float(numerator) / (float(denominator) if denominator else 1.0)
    return {symbol: amount * factor for symbol, amount in part.items()}


def _refuse_second_number(clean: str, position: int) -> None:
    if position < len(clean) and clean[position] in ".0123456789/":
        raise ValueError(
            f"{clean[position:][:6]!r} at position {position + 1} continues a number that has ended"
        )


def _name_sign(clean: str, position: int) -> str:
    sign = clean[position]
    where = f"{sign!r} at position {position + 1}"
    if sign in _NAMED_SIGNS:
        return f"{where} {_NAMED_SIGNS[sign]}"
    if sign.isalpha():
        return f"{where} is no element symbol; write variables (x, y, δ) as numbers"
    return f"{where} cannot be read; use element symbols, numbers and parentheses"
