"""One candidate opened: everything that stands behind its place in a ranking, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.sites import read_sites
from ssepredict.inference.neighbours.neighbourhood import Curve, Neighbourhood
from ssepredict.modeling.explanation import explain
from ssepredict.modeling.skill import skill_of
from ssepredict.report.candidate_measured import MEASURED_TARGETS, Published
from ssepredict.report.candidate_supply import supply_record
from ssepredict.report.documents import plain, records, site_records
from ssepredict.report.order import order_text

if TYPE_CHECKING:
    from ssepredict.data.dataset import Dataset


@dataclass(frozen=True)
class OpenedRow:
    """A candidate with everything that stands behind its place in a ranking.

    Parameters
    ----------
    row : dict
        The row, with the columns of `ssepredict.rank`.
    listed : int
        Rows of the ranking; 0 for a candidate that was opened without one.
    space : dict
        `host` of the candidate, `title`, `size`, `digest`, `neutral_by` (the site that takes up the charge).
    specifications : tuple of dict
        Demands of the objective on candidates of this host, with their thresholds.
    sites, host_sites : dict
        As `site_records` gives them.
    verdicts : tuple of dict
        One per applicable rule, with `margin` in `unit`.
    explanations : tuple of dict
        As `Explanation.to_dict` gives them, per target that is not abstained from.
    nearest : tuple of dict
        As `Published.nearest` gives them.
    curves : tuple of dict
        Per amount that the space varies: `ion`, `replaces`, `site`, `label`, `amount`, `points` (rows of
        `Curve.table`) and `measured` (target to `Published.along`).
    neighbours : tuple of dict
        Rows of `Neighbourhood.neighbours`, with `rank` where the ranking lists the composition.
    hints : dict
        As `Published.hints` gives it.
    supply : dict
        As `supply_record` gives it.
    order : dict
        `text` and, where it was measured, `measured`: what the order inside the host is worth.
    model : dict
        `name`, `digest`, `dataset_digest` of the release and `measured_digest` of the dataset that
        the measured values come from.
    confidence : float
        Coverage of every interval.
    """

    row: Mapping[str, Any]
    listed: int
    space: Mapping[str, Any]
    specifications: tuple[Mapping[str, Any], ...] = field(repr=False)
    sites: Mapping[str, Any] = field(repr=False)
    host_sites: Mapping[str, Any] = field(repr=False)
    verdicts: tuple[Mapping[str, Any], ...] = field(repr=False)
    explanations: tuple[Mapping[str, Any], ...] = field(repr=False)
    nearest: tuple[Mapping[str, Any], ...] = field(repr=False)
    curves: tuple[Mapping[str, Any], ...] = field(repr=False)
    neighbours: tuple[Mapping[str, Any], ...] = field(repr=False)
    hints: Mapping[str, Any] = field(repr=False)
    supply: Mapping[str, Any] = field(repr=False)
    order: Mapping[str, Any] = field(repr=False)
    model: Mapping[str, Any] = field(repr=False)
    confidence: float = 0.9

    @property
    def formula(self) -> str:
        """The candidate's formula."""
        return str(self.row["formula"])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        names = (
            "row", "listed", "space", "specifications", "sites", "host_sites", "verdicts", "explanations",
            "nearest", "curves", "neighbours", "hints", "supply", "order", "model", "confidence",
        )  # fmt: skip
        content: dict[str, Any] = plain({name: getattr(self, name) for name in names})
        return content


def describe(
    around: Neighbourhood,
    dataset: Dataset,
    row: Mapping[str, Any],
    ranking: Sequence[Mapping[str, Any]] = (),
) -> OpenedRow:
    """Collect everything that is known about a candidate.

    Parameters
    ----------
    around : Neighbourhood
        The candidate in its space, with the predictor.
    dataset : Dataset
        Where measured values and how samples were made are looked up.
    row : mapping
        The candidate's row, with the columns of `ssepredict.rank`.
    ranking : sequence of dict
        The rows of the ranking, to tell which neighbours it lists.

    Returns
    -------
    OpenedRow
    """
    part, predictor, sites = around.part, around.predictor, around.sites
    published = Published(dataset, around)
    formula = str(row["formula"])
    said = around.verdicts(sites, around.judge(sites)).to_frame([formula])
    effects = (
        explain(predictor, [formula], around.temperature_c, host=part.host)[0] if sites.framework[0] else []
    )
    measured = skill_of(predictor.metrics, part.host)
    return OpenedRow(
        row=row,
        listed=len(ranking),
        space={
            "host": part.host,
            "title": around.space.title,
            "size": len(around.space),
            "digest": around.space.digest,
            "neutral_by": around.plan.balance.site,
        },
        specifications=tuple(asdict(entry) for entry in around.screen.resolved_for(around.number)),
        sites=site_records(sites)[0],
        host_sites=site_records(part.host_sites)[0],
        verdicts=tuple(records(said.drop(columns="formula"))),
        explanations=tuple(plain(entry.to_dict()) for entry in effects),
        nearest=tuple(published.nearest()),
        curves=tuple(_curve_record(curve, published) for curve in around.curves()),
        neighbours=tuple(_with_ranks(records(around.neighbours()), ranking)),
        hints=published.hints(),
        supply=supply_record(sites.composition),
        order={"text": order_text(measured, part.host), "measured": plain(measured)},
        model={
            "name": predictor.name,
            "digest": predictor.digest,
            "dataset_digest": predictor.dataset_digest,
            "measured_digest": dataset.digest,
        },
        confidence=around.confidence,
    )


def _curve_record(curve: Curve, published: Published) -> dict[str, Any]:
    axis = curve.axis
    return {
        "ion": str(axis.ion),
        "replaces": "" if axis.replaces is None else str(axis.replaces),
        "site": axis.site,
        "label": f"{axis.ion} for {axis.replaces} on {axis.site}"
        if axis.replaces
        else f"{axis.ion} on {axis.site}",
        "amount": axis.amount / axis.unit,
        "points": records(curve.table),
        "measured": {
            target: published.along(axis, target)
            for target in MEASURED_TARGETS
            if target in published.around.predictor.live_targets
        },
    }


def _with_ranks(
    neighbours: list[dict[str, Any]], ranking: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Add the rank of every neighbour that the ranking lists; None for the others."""
    if not neighbours:
        return []
    ranks: dict[str, int] = {}
    if ranking:
        keys = _keys_of(ranking)
        ranks = {key: int(entry["rank"]) for key, entry in zip(keys, ranking, strict=True)}
    return [
        {**entry, "rank": ranks.get(key)} for entry, key in zip(neighbours, _keys_of(neighbours), strict=True)
    ]


def _keys_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Composition keys; a neighbour that fits no framework has one too."""
    keys: list[str] = composition_keys(read_sites([str(row["formula"]) for row in rows])[0]).tolist()
    return keys
