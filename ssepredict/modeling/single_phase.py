"""Reads from a dataset how much of each ion was made without a second phase, as the table that a rule holds.

``python -m ssepredict.modeling.single_phase`` prints `ssepredict/physics/single_phase.py` anew; write it to a
temporary file and move that into place, because printing reads the old one. Physics imports no data, so the
table travels as a literal; a test compares it with the shipped dataset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ssepredict.chemistry.sites import NEUTRAL_WITHIN, parse_sites
from ssepredict.data.dataset import Dataset, load_dataset
from ssepredict.physics.bounds import NOT_EVALUABLE, PASS, WARN, CodeArray
from ssepredict.physics.context import PRESENT, RuleContext
from ssepredict.physics.substitution import HOST_TETRAHEDRA, SUBSTITUTED_SITES

Shares = Mapping[str, Mapping[str, Mapping[str, tuple[float, int]]]]

_SECOND_PHASE = re.compile(r"\+|mixture|second|main phase|impurit", re.IGNORECASE)
_DECIMALS = 4

_HEAD = '''"""Largest share of a site that each ion takes in samples reported without a second phase.

Printed by ``python -m ssepredict.modeling.single_phase`` from the shipped dataset; a test compares the two.
Neutral samples without additive whose stated phase names no second one; most state none at all. Shares are
rounded up to four decimals; the ion that names the host may fill its site.
"""

from __future__ import annotations

# fmt: off
SINGLE_PHASE_SHARES: dict[str, dict[str, dict[str, tuple[float, int]]]] = {
'''

_TAIL = '''}
# fmt: on
"""Host to site to ion to (largest share of the site, number of compositions)."""
'''


def names_second_phase(phase: str) -> bool:
    """Whether a stated phase names more than one.

    Examples
    --------
    >>> names_second_phase("C2/m + LiCl"), names_second_phase("R-3c"), names_second_phase("")
    (True, False, False)
    """
    return _SECOND_PHASE.search(phase) is not None


def reported_shares(samples: pd.DataFrame) -> pd.DataFrame:
    """Share of its site that every ion takes in every sample.

    Parameters
    ----------
    samples : DataFrame, n rows
        `formula`, `composition_key`, `phase` and `composite` of the samples, index 0 to n - 1.

    Returns
    -------
    DataFrame
        One row per sample and ion: `sample` (the index), `host`, `site`, `ion`, `share` (1 for the ion that
        names the host), `key`, and `alone` (neutral, without additive, no second phase named).
    """
    context = RuleContext(parse_sites(samples["formula"].tolist()))
    sites, hosts = context.sites, context.hosts
    alone = (samples["composite"] == 0) & ~samples["phase"].map(names_second_phase)
    alone &= np.abs(sites.charge_residual) <= NEUTRAL_WITHIN
    keys, pure = samples["composition_key"].tolist(), alone.tolist()
    rows = []
    for site in SUBSTITUTED_SITES:
        amounts, total = sites.occupancy[site], sites.site_total(site)
        for row, column in np.argwhere(amounts > PRESENT).tolist():
            if site == "T" and sites.elements[column] in HOST_TETRAHEDRA:
                continue
            names_host = re.search(rf"{sites.elements[column]}(?![a-z])", hosts[row]) is not None
            share = 1.0 if names_host and site == "M" else amounts[row, column] / total[row]
            rows.append((row, hosts[row], site, context.ion(row, column), share, keys[row], pure[row]))
    return pd.DataFrame(rows, columns=["sample", "host", "site", "ion", "share", "key", "alone"])


def single_phase_shares(dataset: Dataset) -> dict[str, dict[str, dict[str, tuple[float, int]]]]:
    """Largest share of a site per host and ion over the samples that name no second phase.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict
        Host to site to ion to (largest share of the ions on the site, number of distinct compositions).
    """
    frame = reported_shares(dataset.samples.reset_index(drop=True))
    shares: dict[str, dict[str, dict[str, tuple[float, int]]]] = {}
    for (host, site, ion), group in frame[frame["alone"]].groupby(["host", "site", "ion"]):
        largest = float(np.ceil(round(group["share"].max() * 10**_DECIMALS, 6)) / 10**_DECIMALS)
        shares.setdefault(str(host), {}).setdefault(str(site), {})[str(ion)] = (
            largest,
            int(group["key"].nunique()),
        )
    return shares


def left_out_verdicts(samples: pd.DataFrame, works: pd.Series[str]) -> CodeArray:
    """Verdicts of `dopant_fraction` when each work is judged by the table of all other works.

    The table holds every sample of the dataset, so that on the dataset itself it never warns; this is what
    it does to a paper that it has not seen.

    Parameters
    ----------
    samples : DataFrame, n rows
        As for `reported_shares`.
    works : Series of str, length n
        Work of every sample.

    Returns
    -------
    ndarray of int8, shape (n,)
        Positions in `VERDICTS`.
    """
    frame = reported_shares(samples)
    frame["work"] = works.to_numpy()[frame["sample"]]
    keys = ["host", "site", "ion"]
    best = frame[frame["alone"]].groupby([*keys, "work"])["share"].max().reset_index()
    best = best.sort_values("share", ascending=False)
    first, second = best.groupby(keys).nth(0), best.groupby(keys).nth(1)
    frame = frame.merge(first, on=keys, how="left", suffixes=("", "_first"))
    frame = frame.merge(second[[*keys, "share"]], on=keys, how="left", suffixes=("", "_second"))
    own = frame["work"] == frame["work_first"]
    limit = frame["share_first"].where(~own, frame["share_second"])
    codes = np.full(len(samples), PASS)
    unknown, beyond = limit.isna(), frame["share"] > limit + 1e-4
    codes[frame.loc[unknown, "sample"].unique()] = NOT_EVALUABLE
    codes[frame.loc[beyond, "sample"].unique()] = WARN
    return codes


def render_module(shares: Shares) -> str:
    """Write the shares as the source of `ssepredict.physics.single_phase`.

    Parameters
    ----------
    shares : mapping
        As `single_phase_shares` gives them.

    Returns
    -------
    str
    """
    lines = []
    for host, sites in sorted(shares.items()):
        lines.append(f'    "{host}": {{')
        for site, ions in sites.items():
            entries = [f'"{ion}": ({share:g}, {count})' for ion, (share, count) in ions.items()]
            lines.append(f'        "{site}": {{')
            lines += [
                f"            {', '.join(entries[start : start + 4])}," for start in range(0, len(entries), 4)
            ]
            lines.append("        },")
        lines.append("    },")
    return _HEAD + "\n".join(lines) + "\n" + _TAIL


if __name__ == "__main__":
    print(render_module(single_phase_shares(load_dataset())), end="")
