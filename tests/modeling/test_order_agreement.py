"""Agreement of papers on an order, on papers whose values are set by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ssepredict.data.dataset import Dataset
from ssepredict.modeling.order_agreement import order_agreement
from ssepredict.modeling.protocols import TrainingTable, prepare
from ssepredict.modeling.targets import TARGETS

HOST = "Na3Zr2Si2PO12"
DOPED = ("Na3.1Zr1.9La0.1Si2PO12", "Na3.2Zr1.8Sc0.2Si2PO12", HOST)


@pytest.fixture(scope="module")
def table(dataset: Dataset) -> TrainingTable:
    return prepare(TARGETS["conductivity_s_cm"], dataset)


def papers(table: TrainingTable, values: dict[str, tuple[float, ...]]) -> TrainingTable:
    """A table of papers that each measured the same three compositions at 25 °C."""
    one = table.frame[(table.frame["temperature_c"] == 25.0) & table.scored].iloc[0]
    rows, y = [], []
    for work, measured in values.items():
        for formula, value in zip(DOPED, measured, strict=False):
            if np.isfinite(value):
                rows.append(
                    {**one, "work_id": work, "formula": formula, "composition_key": formula, "host": HOST}
                )
                y.append(value)
    frame = pd.DataFrame(rows)
    assert frame["composite"].eq(0).all()
    return dataclasses.replace(
        table, frame=frame, y=np.array(y), X=table.X[: len(y)], X_withheld=table.X_withheld[: len(y)]
    )


def narrow(table: TrainingTable) -> dict[str, object]:
    return next(line for line in order_agreement(table) if line["host_group"] == HOST)


def test_papers_that_agree_and_papers_that_do_not(table):
    agreed = narrow(papers(table, {"a": (-3.0, -2.0, -4.0), "b": (-5.0, -4.5, -6.0)}))
    assert (agreed["repeated_pairs"], agreed["comparisons"], agreed["agreement"]) == (3, 3, 1.0)
    mixed = narrow(papers(table, {"a": (-3.0, -2.0, -4.0), "b": (-4.0, -4.5, -6.0), "c": (-4.0, -4.5, -6.0)}))
    # The first pair: a against b, a against c disagree, b and c agree; the others agree throughout.
    assert (mixed["repeated_pairs"], mixed["comparisons"]) == (3, 9)
    assert mixed["agreement"] == pytest.approx(7 / 9)
    assert mixed["agreement_low"] < 7 / 9 < mixed["agreement_high"]


def test_values_of_other_papers_may_order_wrongly_what_each_paper_orders_alike(table):
    # b lies above a by three decades and measured only what is worse in a.
    missing = float("nan")
    found = narrow(
        papers(table, {"a": (-3.0, -2.0, missing), "b": (-0.5, missing, -9.0), "c": (missing, -7.0, -9.5)})
    )
    assert found["repeated_pairs"] == 0
    assert np.isnan(found["agreement"])
    assert found["known_pairs"] == 3
    assert found["known"] == pytest.approx(2 / 3)


def test_nothing_in_common_is_no_figure(table):
    lines = order_agreement(papers(table, {"a": (-3.0, -2.0, -4.0)}))
    assert all(line["repeated_pairs"] == line["known_pairs"] == 0 for line in lines)
    assert all(np.isnan(line["agreement"]) and np.isnan(line["known"]) for line in lines)


def test_shipped_papers_agree_more_with_each_other_than_their_values_do(table):
    lines = {(line["host_group"], line["width"]): line for line in order_agreement(table)}
    line = lines["LiTi2(PO4)3 and LiGe2(PO4)3", "narrow"]
    assert line["comparisons"] >= 30
    assert line["agreement_low"] > line["known"]
