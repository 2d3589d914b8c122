"""What a ranking says of its own order."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from ssepredict.modeling.within_host import METRICS
from ssepredict.report.order import order_text
from ssepredict.report.within_host import order_tables


def line(**others: Any) -> dict[str, Any]:
    return {
        "host_group": "Na3Zr2Si2PO12",
        "hosts": ["Na3Zr2Si2PO12"],
        "concordance": 0.73,
        "low": 0.43,
        "high": 0.89,
        "pairs": 40,
        "series": 11,
        "works": 10,
        "better_than_chance": False,
        "protocol": "paper_purged",
        "by_difference": [
            {
                "difference_low": 0.0,
                "difference_high": 0.1,
                "concordance": 0.54,
                "low": 0.12,
                "high": 0.78,
                "pairs": 13,
            },
            {
                "difference_low": 0.5,
                "difference_high": None,
                "concordance": 1.0,
                "low": None,
                "high": None,
                "pairs": 8,
            },
        ],
        **others,
    }


def test_an_interval_with_chance_in_it_is_said_and_what_ranks_instead():
    said = order_text(line(), "Na3Zr2Si2PO12")
    assert "73 % (90 % interval 43 to 89 %) in the right order" in said
    assert "The order inside this host is not better than chance." in said
    assert "probability of meeting the demands" in said


def test_a_skilled_order_is_not_called_chance():
    said = order_text(line(low=0.61, better_than_chance=True), "Na3Zr2Si2PO12")
    assert "not better than chance" not in said
    assert "no better than a coin" not in said


def test_few_papers_that_agree_are_not_called_skill():
    said = order_text(line(low=0.61, works=3), "Na3Zr2Si2PO12")
    assert "Only 3 papers hold such pairs" in said


def test_skill_is_told_by_the_predicted_difference():
    said = order_text(line(), "Na3Zr2Si2PO12")
    assert "0 to 0.1: 54 % (90 % interval 12 to 78 %, 13 pairs)" in said
    assert "0.5 or more: 100 % (8 pairs)" in said


AGREEMENT = {
    "comparisons": 44, "repeated_pairs": 30, "agreement": 0.86, "agreement_low": 0.76, "agreement_high": 0.95,
    "known_pairs": 195, "known_works": 19, "known": 0.59, "known_low": 0.53, "known_high": 0.73,
}  # fmt: skip
NOTHING = {name: 0 if name.endswith(("s", "works")) else np.nan for name in AGREEMENT}


def printed(**others: Any) -> str:
    figures = {
        f"{metric}{end}": 0.7 for metric in (*METRICS, "gain_over_rule") for end in ("", "_low", "_high")
    }
    counts = {"pairs": 40, "pairs_doped": 21, "series": 12, "works": 10, "best_rule": "more_carriers"}
    rows = [
        {
            "host_group": "Na3Zr2Si2PO12",
            "width": "wide",
            "temperature": "room",
            "estimator": name,
            **counts,
            **figures,
            **others,
        }
        for name in ("more_carriers", "lightgbm")
    ]
    stream = io.StringIO()
    agreement = pd.DataFrame([{**AGREEMENT, "host_group": "LiGe2(PO4)3"}, {**NOTHING, "host_group": "NaCl"}])
    Console(file=stream, width=200).print(order_tables(pd.DataFrame(rows), agreement))
    return stream.getvalue()


def test_table_names_the_kind_the_counts_and_what_is_clear_of_the_best_rule():
    text = printed()
    assert "Na NASICON with mostly Zr or Hf on M" in text
    assert "room temperature: 40 pairs (21 both doped) in 12 series of 10 papers" in text
    assert "= best rule" in text
    assert "+0.70 (0.70, 0.70)*" in text


def test_a_gain_whose_interval_holds_zero_gets_no_mark():
    assert "*" not in printed(gain_over_rule_low=-0.1).split("Papers left out")[0]


@pytest.mark.parametrize("missing", [np.nan, None])
def test_a_missing_figure_is_a_dash(missing):
    assert "–" in printed(concordance_doped=missing)


def test_a_group_without_pairs_has_no_table():
    assert "order by" not in printed(pairs=0)


def test_what_repeats_between_papers_stands_below_and_what_never_did_is_not_listed():
    text = printed()
    assert "LiGe2(PO4)3: two papers that measured the same pair agree in 0.86 (0.76, 0.95) of 44" in text
    assert "order 0.59 (0.53, 0.73) of 195 pairs" in text
    assert "NaCl" not in text


def test_more_pairs_at_other_temperatures_are_told_beside_the_few():
    more = {"pairs": 62, "works": 13, "concordance": 0.56, "low": 0.44, "high": 0.78}
    said = order_text(line(any_temperature=more), "Na3Zr2Si2PO12")
    assert "62 of 13 papers, it is 56 % (90 % interval 44 to 78 %)" in said
    assert "unstated temperatures" not in order_text(line(), "Na3Zr2Si2PO12")


def test_an_order_that_more_pairs_do_not_bear_out_is_not_called_useful():
    more = {"pairs": 108, "works": 19, "concordance": 0.52, "low": 0.42, "high": 0.61}
    skilled = line(low=0.75, better_than_chance=True)
    assert "useful for coarse steps" in order_text(skilled, "Na3Zr2Si2PO12")
    doubted = order_text({**skilled, "any_temperature": more}, "Na3Zr2Si2PO12")
    assert "may be luck" in doubted
    assert "useful" not in doubted
    borne_out = order_text({**skilled, "any_temperature": {**more, "low": 0.6}}, "Na3Zr2Si2PO12")
    assert "useful for coarse steps" in borne_out
