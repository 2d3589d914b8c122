"""How the error grows with the distance to what was measured, as a plotly figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ssepredict.report.plots import styled
from ssepredict.report.wording import show_number

if TYPE_CHECKING:
    import plotly.graph_objects as go

_MODEL, _BASELINE, _LINE = "#1f5fa8", "#c05d00", "#7b8794"


def error_by_distance(curve: Mapping[str, Any]) -> go.Figure:
    """Plot the mean left-out error in bins of the distance, beside the baseline's, with the threshold.

    Parameters
    ----------
    curve : mapping
        As `ssepredict.modeling.domain_curve.distance_curve` gives it.
    """
    import plotly.graph_objects as go

    bins = curve["bins"]
    counts = [f"{line['rows']} rows of {line['papers']} papers" for line in bins]
    figure = go.Figure()
    for name, key, colour, symbol in (
        ("model", "error", _MODEL, "circle"),
        (str(curve["baseline"]).replace("_", " "), "baseline_error", _BASELINE, "diamond"),
    ):
        figure.add_trace(
            go.Scatter(
                x=[line["distance"] for line in bins],
                y=[line[key] for line in bins],
                mode="lines+markers",
                name=name,
                marker={"color": colour, "size": 9, "symbol": symbol},
                line={"color": colour, "width": 1.5},
                customdata=[[text] for text in counts],
                hovertemplate="distance %{x:.2f}<br>error %{y:.2f}<br>%{customdata[0]}<extra></extra>",
            )
        )
    figure.add_vline(x=curve["threshold"], line={"dash": "dash", "color": _LINE, "width": 1.5})
    figure.add_annotation(
        x=curve["threshold"],
        y=1.0,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=f"outside the domain from {show_number(curve['threshold'], '.2f')}",
    )
    figure.update_xaxes(
        title="distance to the compositions trained on (median of the bin)", rangemode="tozero"
    )
    figure.update_yaxes(title=f"mean error of left-out rows ({curve['unit']})", rangemode="tozero")
    return styled(figure, height=380)
