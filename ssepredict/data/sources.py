"""Gives figures their sources: a source that a dataset has already is used again, never described twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.columns import TABLES
from ssepredict.data.refusals import Refusal

_TEXTS = ("doi", "citation", "access", "compiled_by", "compiled_by_doi", "licence_note")


@dataclass
class SourceBook:
    """The sources of a dataset and those that figures bring.

    Parameters
    ----------
    known : DataFrame
        Table `sources` of the dataset, typed.
    """

    known: pd.DataFrame
    new: dict[str, dict[str, Any]] = field(default_factory=dict)
    completed: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        records = [{str(key): cell for key, cell in row.items()} for row in self.known.to_dict("records")]
        self._by_id = {row["source_id"]: row for row in records}
        self._names = {name.casefold(): name for name in self._by_id}
        # The first source of a DOI or citation stands for the others: they share a work.
        self._by_doi = {row["doi"].casefold(): row["source_id"] for row in reversed(records) if row["doi"]}
        self._by_citation = {
            row["citation"].casefold(): row["source_id"] for row in reversed(records) if row["citation"]
        }

    def enter(self, figures: pd.DataFrame) -> pd.DataFrame:
        """Return figures with `source_id` and `work_id`; what contradicts a source is in `refusals`.

        Parameters
        ----------
        figures : DataFrame
            Columns `source_id`, `doi`, `citation`, `year`, `line`, `access`, `compiled_by`,
            `compiled_by_doi`, `licence_note`; one of the first three is not empty.
        """
        stated = ["source_id", "doi", "citation"]
        codes = figures.groupby(stated, sort=False).ngroup().to_numpy()
        heads = figures.iloc[np.sort(np.unique(codes, return_index=True)[1])].to_dict("records")
        ids = np.array([self._enter({str(k): v for k, v in head.items()}) for head in heads], dtype=object)
        figures = figures.assign(source_id=ids[codes] if len(heads) else "")
        self._enter_years(figures)
        works = {name: row["work_id"] for name, row in self._by_id.items()} | {
            name: name for name in self.new
        }
        return figures.assign(work_id=figures["source_id"].map(works))

    def table(self) -> pd.DataFrame:
        """Return the new sources as rows."""
        rows = [{"source_id": name, "work_id": name, **cells} for name, cells in self.new.items()]
        return pd.DataFrame(rows, columns=[column.name for column in TABLES["sources"]])

    def _enter(self, head: Mapping[str, Any]) -> str:
        given, doi, citation = head["source_id"], head["doi"], head["citation"]
        name: str | None = self._by_doi.get(doi) or self._names.get((given or doi).casefold())
        if name is None and not (given or doi):
            name = self._by_citation.get(citation.casefold())
        if name is None:
            return self._enter_new(given or doi or _named_by(citation), head)
        old = self._by_id[name]
        self._refuse_other_doi(name, old["doi"], head)
        filled = self.completed.setdefault(name, {})
        filled |= {key: head[key] for key in ("doi", "citation") if head[key] and not old[key]}
        if head["compiled_by"] and head["compiled_by"] not in old["compiled_by"].split("; "):
            for key in ("compiled_by", "compiled_by_doi", "licence_note"):
                filled[key] = "; ".join(part for part in (old[key], head[key]) if part)
        return name

    def _enter_new(self, name: str, head: Mapping[str, Any]) -> str:
        entry = self.new.setdefault(name, {})
        self._refuse_other_doi(name, entry.get("doi", ""), head)
        entry |= {key: head[key] for key in _TEXTS if head[key] and not entry.get(key)}
        return name

    def _refuse_other_doi(self, name: str, known: str, head: Mapping[str, Any]) -> None:
        if known and head["doi"] and known.casefold() != head["doi"]:
            problem = f"got doi {head['doi']!r}, but source {name!r} has {known!r}; correct one of them"
            self.refusals.append(Refusal(int(head["line"]), "", head["doi"], problem))

    def _enter_years(self, figures: pd.DataFrame) -> None:
        """Note years that were not known; refuse a second year of one source."""
        stated = figures[figures["year"].notna()].drop_duplicates(["source_id", "year"])
        for name, year, line in zip(stated["source_id"], stated["year"], stated["line"], strict=True):
            target = self.new[name] if name in self.new else self.completed.setdefault(name, {})
            known = target.get("year", self._by_id.get(name, {}).get("year", np.nan))
            if np.isnan(known):
                target["year"] = float(year)
            elif known != year:
                problem = f"got year {year:.0f}, but source {name!r} is of {known:.0f}; correct one of them"
                self.refusals.append(Refusal(int(line), "", f"{year:.0f}", problem))


def _named_by(citation: str) -> str:
    """Make a key for a source that is known by its citation only."""
    slug = re.sub(r"[^a-z0-9]+", "-", citation.casefold()).strip("-")[:40]
    return f"user/{slug}-{hashlib.sha256(citation.encode()).hexdigest()[:6]}"
