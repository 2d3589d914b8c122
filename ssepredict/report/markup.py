"""Pieces of HTML: every text is escaped here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_AMOUNT = re.compile(r"(?<=[A-Za-z)])(\d+(?:\.\d+)?)")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def safe(value: object) -> Markup:
    """Escape text; leave markup alone.

    Examples
    --------
    >>> safe("r < 1 & up"), safe(Markup("<b>1</b>"))
    ('r &lt; 1 &amp; up', '<b>1</b>')
    """
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def join(parts: Iterable[object], by: str = "") -> Markup:
    """Join pieces, each escaped unless it is markup."""
    return Markup(by.join(safe(part) for part in parts))


def tag(name: str, *content: object, **attributes: str) -> Markup:
    """Wrap pieces in an element; an underscore at the end of an attribute's name is dropped.

    Examples
    --------
    >>> tag("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{given}>{join(content)}</{name}>")


def formula(text: str) -> Markup:
    """Set the amounts of a formula as subscripts.

    Examples
    --------
    >>> formula("Na3.4(PO4)3")
    'Na<sub>3.4</sub>(PO<sub>4</sub>)<sub>3</sub>'
    """
    return Markup(_AMOUNT.sub(r"<sub>\1</sub>", escape(text)))


def source_link(source_id: str, doi: str = "") -> Markup:
    """Link a source by its DOI; a source without one is named by its id.

    Examples
    --------
    >>> source_link("10.1039/x1")
    '<a href="https://doi.org/10.1039/x1">10.1039/x1</a>'
    >>> source_link("cited/smith-1999")
    'cited/smith-1999'
    """
    for candidate in (doi, source_id):
        if _DOI.fullmatch(candidate):
            return tag("a", candidate, href=f"https://doi.org/{candidate}")
    return safe(source_id)


def anchor(rank: int) -> str:
    """Name of the place on a page where the row of a rank stands opened."""
    return f"candidate-{rank}"


def badge(word: str) -> Markup:
    """Return a status or verdict as a coloured label; the word says it, the colour only helps."""
    return tag("span", word.replace("_", " "), class_=f"badge {word}")


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], numeric: Sequence[int] = ()
) -> Markup:
    """Build a table with a caption and column headings; the columns `numeric` are set flush right.

    Examples
    --------
    >>> '<th scope="col">rule</th>' in table("Rejected", ["rule"], [["charge"]])
    True
    """

    def line(cells: Sequence[object]) -> Markup:
        return tag(
            "tr",
            *(
                tag("td", cell, **({"class_": "number"} if number in numeric else {}))
                for number, cell in enumerate(cells)
            ),
        )

    headings = tag("tr", *(tag("th", text, scope="col") for text in head))
    body = tag("tbody", *(line(row) for row in rows))
    whole = tag("table", tag("caption", caption), tag("thead", headings), body)
    return tag("div", whole, class_="scroll", role="region", tabindex="0", aria_label=caption)


def section(title: str, *content: object) -> Markup:
    """Build a section with a heading."""
    return tag("section", tag("h2", title), *content)


def definitions(pairs: Iterable[tuple[str, object]]) -> Markup:
    """Build a list of names with what they stand for."""
    return tag("dl", *(join([tag("dt", name), tag("dd", value)]) for name, value in pairs))
