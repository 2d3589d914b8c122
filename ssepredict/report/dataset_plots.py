"""Plots of a dataset, as plotly figures."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ssepredict.columns import DECISIONS, FAMILY_NAMES
from ssepredict.report.plots import styled

if TYPE_CHECKING:
    import plotly.graph_objects as go

FAMILY_COLOURS = dict(zip(FAMILY_NAMES, ("#1f5fa8", "#c05d00", "#3a8fb7", "#8a6d3b"), strict=True))
_QUANTITY_COLOURS = (
    "#1f5fa8", "#7fb2e5", "#5f6b7a", "#b8c2cc", "#c05d00", "#e8a15c", "#8c1d18", "#3f7d4e", "#9bc4a5",
)  # fmt: skip
_DECISION_COLOURS = dict(zip(DECISIONS, ("#b8c2cc", "#c05d00", "#3f7d4e", "#8c1d18"), strict=True))
_SCALE = [[0.0, "#eef4fb"], [0.25, "#b5d0ec"], [0.6, "#4f8ccb"], [1.0, "#123e73"]]
_LAST_ELEMENT = 103
_F_BLOCK_ROWS = {57: 8, 89: 9}


def dopant_plot(dopants: pd.DataFrame, hosts: list[str]) -> go.Figure:
    """Plot periodic tables of the elements beside a host's own; a menu chooses the host.

    Parameters
    ----------
    dopants : DataFrame
        Of `ssepredict.data.coverage.dopants_by_host`.
    hosts : list of str
        Hosts of the menu; the first entry is all hosts together.
    """
    import plotly.graph_objects as go

    everywhere = dopants.groupby("element", as_index=False)[["samples"]].sum()
    choices = {"all hosts": everywhere, **{host: dopants[dopants["host"] == host] for host in hosts}}
    figure = go.Figure([_periodic_table(table, number == 0) for number, table in enumerate(choices.values())])
    buttons = [
        {
            "label": f"{host} ({len(table)} elements)",
            "method": "restyle",
            "args": ["visible", [name == host for name in choices]],
        }
        for host, table in choices.items()
    ]
    styled(figure, height=520)
    figure.update_layout(
        updatemenus=[
            {
                "buttons": buttons,
                "x": 0.14,
                "y": 1.0,
                "xanchor": "left",
                "yanchor": "top",
                "bgcolor": "white",
                "showactive": True,
            }
        ],
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
    )
    figure.update_xaxes(visible=False, range=[-0.5, 17.5])
    figure.update_yaxes(visible=False, range=[9.6, 0.4], scaleanchor="x", scaleratio=0.82)
    return figure


def _periodic_table(counts: pd.DataFrame, visible: bool) -> go.Heatmap:
    import plotly.graph_objects as go

    places = _places()
    samples = dict(zip(counts["element"], counts["samples"], strict=True))
    shade = np.full((10, 18), np.nan)
    text, hover = np.full((10, 18), "", dtype=object), np.full((10, 18), "", dtype=object)
    for symbol, (row, column) in places.items():
        count = int(samples.get(symbol, 0))
        shade[row, column] = math.log10(count + 1)
        text[row, column] = f"<b>{symbol}</b><br>{count}" if count else f"{symbol}<br> "
        hover[row, column] = f"{symbol}: {count} samples"
    most = max([*samples.values(), 9])
    ticks = [count for count in (0, 1, 3, 10, 30, 100, 300) if count <= most]
    return go.Heatmap(
        z=shade,
        text=text,
        customdata=hover,
        texttemplate="%{text}",
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        xgap=3,
        ygap=3,
        zmin=0,
        zmax=math.log10(most + 1),
        colorscale=_SCALE,
        colorbar={
            "title": {"text": "samples"},
            "tickvals": [math.log10(count + 1) for count in ticks],
            "ticktext": [str(count) for count in ticks],
            "thickness": 14,
            "outlinewidth": 0,
            "len": 0.8,
            "y": 0.45,
        },
        visible=visible,
    )


@functools.cache
def _places() -> dict[str, tuple[int, int]]:
    """Row and column of every element; the f block stands below."""
    from pymatgen.core.periodic_table import Element

    places = {}
    for number in range(1, _LAST_ELEMENT + 1):
        element = Element.from_Z(number)
        first = max((start for start in _F_BLOCK_ROWS if start <= number <= start + 14), default=0)
        if first:
            places[element.symbol] = (_F_BLOCK_ROWS[first], number - first + 2)
        else:
            places[element.symbol] = (int(element.row), int(element.group) - 1)
    return places


def year_plot(by_year: pd.DataFrame) -> go.Figure:
    """Plot measurements per year of the source, stacked by quantity; sources without a year are left out."""
    import plotly.graph_objects as go

    dated = by_year[by_year["year"].notna()]
    order = dated.groupby("quantity")["measurements"].sum().sort_values(ascending=False).index
    figure = go.Figure(
        [
            go.Bar(
                x=dated.loc[dated["quantity"] == quantity, "year"],
                y=dated.loc[dated["quantity"] == quantity, "measurements"],
                name=str(quantity).replace("_", " "),
                marker={"color": colour},
                hovertemplate="%{x}: %{y}<extra>%{fullData.name}</extra>",
            )
            for quantity, colour in zip(order, _QUANTITY_COLOURS, strict=False)
        ]
    )
    figure.update_layout(barmode="stack", bargap=0.15)
    figure.update_xaxes(title="year of the source")
    figure.update_yaxes(title="measurements")
    return _legend_on_top(styled(figure, height=430))


def coverage_plot(by_family: pd.DataFrame) -> go.Figure:
    """Plot a map of the number of measurements by quantity and family."""
    import plotly.graph_objects as go

    counts = by_family.to_numpy(dtype=np.float64)
    figure = go.Figure(
        go.Heatmap(
            z=np.log10(counts + 1),
            x=[name.replace("_", " ") for name in by_family.columns],
            y=[str(name).replace("_", " ") for name in by_family.index],
            text=[[f"{count:.0f}" for count in row] for row in counts],
            texttemplate="%{text}",
            hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
            colorscale=_SCALE,
            showscale=False,
            xgap=3,
            ygap=3,
        )
    )
    styled(figure, height=90 + 38 * len(by_family))
    figure.update_xaxes(side="top", showline=False, ticks="")
    figure.update_yaxes(autorange="reversed", automargin=True, showline=False, ticks="")
    return figure


def spread_plot(repeated: pd.DataFrame, most: int = 30) -> go.Figure:
    """Plot the conductivities of the compositions that most works report, a mark per work.

    Parameters
    ----------
    repeated : DataFrame
        Of `ssepredict.data.coverage.repeated_conductivities`.
    most : int
        Compositions to show.
    """
    import plotly.graph_objects as go

    shown = repeated["composition_key"].drop_duplicates().head(most)
    chosen = repeated[repeated["composition_key"].isin(shown)]
    median = chosen.groupby("formula")["value"].median().sort_values(ascending=False)
    figure = go.Figure()
    for family, colour in FAMILY_COLOURS.items():
        mine = chosen[chosen["family"] == family]
        if mine.empty:
            continue
        figure.add_trace(
            go.Scatter(
                x=mine["value"],
                y=mine["formula"],
                mode="markers",
                name=family.replace("_", " "),
                marker={"color": colour, "size": 9, "opacity": 0.6, "line": {"color": "white", "width": 0.6}},
                customdata=mine["work_id"],
                hovertemplate="%{y}<br>%{x:.2e} S/cm<br>%{customdata}<extra></extra>",
            )
        )
    figure.update_xaxes(
        type="log",
        title="conductivity at 15 to 45 °C (S/cm), median of each work",
        exponentformat="power",
        dtick=1,
    )
    figure.update_yaxes(
        autorange="reversed", automargin=True, categoryorder="array", categoryarray=median.index.tolist()
    )
    return _legend_on_top(styled(figure, height=150 + 22 * max(len(median), 1)))


def finding_plot(findings: pd.DataFrame) -> go.Figure:
    """Plot findings by rule, stacked by decision."""
    import plotly.graph_objects as go

    order = findings["rule"].value_counts().index[::-1]
    figure = go.Figure()
    for decision, colour in _DECISION_COLOURS.items():
        counted = findings.loc[findings["decision"] == decision, "rule"].value_counts()
        if counted.empty:
            continue
        figure.add_trace(
            go.Bar(
                y=[str(rule).replace("_", " ") for rule in order],
                x=[int(counted.get(rule, 0)) for rule in order],
                name=decision,
                orientation="h",
                marker={"color": colour},
                hovertemplate="%{y}: %{x} %{fullData.name}<extra></extra>",
            )
        )
    figure.update_layout(barmode="stack", bargap=0.25)
    figure.update_xaxes(title="findings")
    figure.update_yaxes(automargin=True)
    return _legend_on_top(styled(figure, height=130 + 26 * max(len(order), 1)))


def _legend_on_top(figure: go.Figure) -> go.Figure:
    figure.update_layout(legend={"x": 0.0, "xanchor": "left", "y": 1.02, "traceorder": "normal"})
    return figure
