"""Plots of a ranking, as plotly figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ssepredict.report.wording import SHOWN, show_number

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SIGMA, _EA = "conductivity_s_cm", "activation_energy_ev"
_INK, _GRID, _BLUE, _ORANGE, _GREY = "#1f2933", "#e4e7eb", "#1f5fa8", "#c05d00", "#7b8794"
_STATUS_STYLE = {
    "ok": (_BLUE, "circle", "in the domain"),
    "outside_domain": (_ORANGE, "diamond", "outside the domain"),
}
_MARGIN_DECADES = 0.25


def conductivity_plot(
    rows: Sequence[Mapping[str, Any]], threshold: float | None, threshold_label: str
) -> go.Figure:
    """Plot predicted conductivities with their intervals, one line per candidate, the best on top.

    Parameters
    ----------
    rows : sequence of dict
        Rows of a ranking.
    threshold : float, optional
        Specified conductivity (S/cm), drawn as a line.
    threshold_label : str
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    names = [f"{row['rank']}. {row['formula']}" for row in rows]
    for status, (colour, symbol, label) in _STATUS_STYLE.items():
        chosen = [(name, row) for name, row in zip(names, rows, strict=True) if row["status"] == status]
        if not chosen:
            continue
        figure.add_trace(
            go.Scatter(
                x=[row[_SIGMA] for _, row in chosen],
                y=[name for name, _ in chosen],
                mode="markers",
                name=label,
                marker={"color": colour, "size": 9, "symbol": symbol},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [row[f"{_SIGMA}_high"] - row[_SIGMA] for _, row in chosen],
                    "arrayminus": [row[_SIGMA] - row[f"{_SIGMA}_low"] for _, row in chosen],
                    "color": colour,
                    "thickness": 1.4,
                    "width": 3,
                },
                customdata=[[_hover(row)] for _, row in chosen],
                hovertemplate="%{customdata[0]}<extra></extra>",
            )
        )
    if threshold is not None:
        figure.add_vline(x=threshold, line={"dash": "dash", "color": _GREY, "width": 1.5})
        figure.add_annotation(
            x=math.log10(threshold),
            y=1.0,
            yref="paper",
            yanchor="bottom",
            showarrow=False,
            text=threshold_label,
        )
    ends = [row[f"{_SIGMA}_{end}"] for row in rows for end in ("low", "high")] + [
        threshold or rows[0][_SIGMA]
    ]
    figure.update_xaxes(
        type="log",
        title=f"predicted {SHOWN[_SIGMA].label} ({SHOWN[_SIGMA].unit})",
        range=[math.log10(min(ends)) - _MARGIN_DECADES, math.log10(max(ends)) + _MARGIN_DECADES],
        exponentformat="power",
        dtick=1,
    )
    figure.update_yaxes(autorange="reversed", automargin=True, categoryorder="array", categoryarray=names)
    return styled(figure, height=140 + 24 * len(rows))


def energy_plot(
    rows: Sequence[Mapping[str, Any]], thresholds: Mapping[str, float], host_label: str
) -> go.Figure:
    """Plot predicted conductivity against predicted activation energy, coloured by score.

    Parameters
    ----------
    rows : sequence of dict
        Rows of a ranking.
    thresholds : mapping of str to float
        Specified values by target, drawn as lines.
    host_label : str
        Of the lines.
    """
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Scatter(
            x=[row[_EA] for row in rows],
            y=[row[_SIGMA] for row in rows],
            mode="markers",
            marker={
                "color": [row["score"] for row in rows],
                "symbol": [_STATUS_STYLE.get(row["status"], _STATUS_STYLE["ok"])[1] for row in rows],
                "colorscale": "Viridis",
                "reversescale": True,
                "size": 10,
                "line": {"color": "white", "width": 0.7},
                "colorbar": {"title": {"text": "score"}, "thickness": 14, "outlinewidth": 0},
            },
            customdata=[[_hover(row)] for row in rows],
            hovertemplate="%{customdata[0]}<extra></extra>",
            showlegend=False,
        )
    )
    line = {"dash": "dash", "color": _GREY, "width": 1.5}
    if _SIGMA in thresholds:
        figure.add_hline(y=thresholds[_SIGMA], line=line)
    if _EA in thresholds:
        figure.add_vline(x=thresholds[_EA], line=line)
    if thresholds:
        figure.add_annotation(
            xref="paper",
            yref="paper",
            x=0,
            y=1.0,
            yanchor="bottom",
            showarrow=False,
            text=f"dashed: {host_label}",
        )
    figure.update_yaxes(
        type="log",
        title=f"predicted {SHOWN[_SIGMA].label} ({SHOWN[_SIGMA].unit})",
        tickformat=".1e",
    )
    figure.update_xaxes(title=f"predicted {SHOWN[_EA].label} ({SHOWN[_EA].unit})")
    return styled(figure, height=460)


def _hover(row: Mapping[str, Any]) -> str:
    return (
        f"<b>{row['rank']}. {row['formula']}</b><br>{row['substitutions']}<br>"
        f"{show_number(row[_SIGMA], '.1e')} S/cm ({show_number(row[f'{_SIGMA}_low'], '.1e')} to "
        f"{show_number(row[f'{_SIGMA}_high'], '.1e')})<br>"
        f"{show_number(row[_EA], '.2f')} eV ({show_number(row[f'{_EA}_low'], '.2f')} to "
        f"{show_number(row[f'{_EA}_high'], '.2f')})<br>score {show_number(row['score'], '.3f')}, "
        f"{row['status']}"
    )


def styled(figure: go.Figure, height: int) -> go.Figure:
    """Give a figure the look of all of them and a height in pixels."""
    figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 10, "r": 20, "t": 40, "b": 50},
        font={"family": "system-ui, sans-serif", "size": 13, "color": _INK},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "right", "x": 1.0},
        hoverlabel={"align": "left"},
    )
    figure.update_xaxes(gridcolor=_GRID, zeroline=False, linecolor=_GREY, showline=True, ticks="outside")
    figure.update_yaxes(gridcolor=_GRID, zeroline=False, linecolor=_GREY, showline=True, ticks="outside")
    return figure


def as_html(figure: go.Figure, *, with_library: bool) -> str:
    """Return a figure as an HTML fragment.

    Parameters
    ----------
    figure : plotly figure
    with_library : bool
        Whether plotly.js is written into the fragment; once per page.
    """
    import plotly.io

    # The buttons are named one by one: none of them may send data anywhere.
    buttons = [["toImage", "zoom2d", "pan2d", "resetScale2d"]]
    config = {"displaylogo": False, "responsive": True, "modeBarButtons": buttons}
    text: str = plotly.io.to_html(
        figure, full_html=False, include_plotlyjs=with_library, config=config, default_width="100%"
    )
    return text
