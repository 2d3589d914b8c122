"""The composition curve of a candidate: predictions with intervals along one amount, and measured points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ssepredict.report.plots import styled
from ssepredict.report.wording import SHOWN, show_interval, show_number, show_target

if TYPE_CHECKING:
    import plotly.graph_objects as go

_BLUE, _BAND, _ORANGE, _GREY, _INK = "#1f5fa8", "rgba(31,95,168,0.16)", "#c05d00", "#7b8794", "#1f2933"
_ROW_HEIGHT = 270
_MARGIN_DECADES, _MARGIN_EV, _FEW_DECADES = 0.15, 0.03, 3.0


def curve_plot(curve: Mapping[str, Any], confidence: float) -> go.Figure:
    """Plot the targets along one amount, one below the other.

    Parameters
    ----------
    curve : mapping
        One of `OpenedRow.curves`.
    confidence : float
        Coverage of the band.
    """
    from plotly.subplots import make_subplots

    targets = [target for target in SHOWN if target in curve["measured"]]
    figure = make_subplots(rows=len(targets), cols=1, shared_xaxes=True, vertical_spacing=0.07)
    for place, target in enumerate(targets, start=1):
        for trace in _traces(curve, target, confidence):
            figure.add_trace(trace.update(showlegend=place == 1), row=place, col=1)
        shown = SHOWN[target]
        title = f"{shown.label}<br>({shown.unit})"
        log = target == "conductivity_s_cm"
        ends = _range(curve, target, log)
        few = ends[1] - ends[0] < _FEW_DECADES  # then 2 and 5 are written beside the powers of ten
        axis = {"type": "log", "dtick": "D2" if few else 1} if log else {"type": "linear"}
        figure.update_yaxes(title=title, range=ends, exponentformat="power", **axis, row=place, col=1)
    figure.update_xaxes(
        title=f"{curve['label']}, per formula unit",
        row=len(targets),
        col=1,
    )
    figure = styled(figure, height=110 + _ROW_HEIGHT * len(targets))
    return figure.update_layout(legend={"xanchor": "left", "x": 0.0})


def _traces(curve: Mapping[str, Any], target: str, confidence: float) -> list[go.Scatter]:
    import plotly.graph_objects as go

    points = curve["points"]
    amounts = [point["amount"] for point in points]
    ends = [point[f"{target}_low"] for point in points] + [
        point[f"{target}_high"] for point in reversed(points)
    ]
    band = go.Scatter(
        x=amounts + amounts[::-1],
        y=ends,
        mode="lines",
        fill="toself",
        fillcolor=_BAND,
        line={"width": 0, "color": _BLUE},
        hoverinfo="skip",
        name=f"{100 * confidence:g} % interval",
    )
    line = go.Scatter(
        x=amounts,
        y=[point[target] for point in points],
        mode="lines+markers",
        name="predicted",
        line={"color": _BLUE, "width": 1.8},
        marker={"size": 7, "color": _BLUE},
        customdata=[[_hover(point, target)] for point in points],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )
    marks = [
        (_refused(points), "refused by a rule", {"symbol": "x-open", "size": 13, "color": _INK}),
        (
            [point for point in points if point["status"] == "outside_domain"],
            "outside the domain",
            {"symbol": "square-open", "size": 12, "color": _GREY},
        ),
        (
            [point for point in points if math.isclose(point["amount"], curve["amount"])],
            "this candidate",
            {"symbol": "circle-open", "size": 15, "color": _BLUE, "line": {"width": 2.5}},
        ),
    ]
    found = [band, line]
    found += [
        go.Scatter(
            x=[point["amount"] for point in chosen],
            y=[point[target] for point in chosen],
            mode="markers",
            name=name,
            marker=marker,
            hoverinfo="skip",
        )
        for chosen, name, marker in marks
        if chosen
    ]
    measured = curve["measured"][target]
    # Without a point in the first plot its legend would not explain the points of the second.
    anywhere = any(curve["measured"].values())
    if anywhere:
        found.append(
            go.Scatter(
                x=[row["amount"] for row in measured] or [None],
                y=[row["value"] for row in measured] or [None],
                mode="markers",
                name="measured",
                marker={
                    "symbol": "diamond",
                    "size": 9,
                    "color": _ORANGE,
                    "line": {"color": "white", "width": 1},
                },
                customdata=[[_measured_hover(row, target)] for row in measured],
                hovertemplate="%{customdata[0]}<extra></extra>",
            )
        )
    return found


def _refused(points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [point for point in points if point["verdict"] == "reject"]


def _range(curve: Mapping[str, Any], target: str, log: bool) -> list[float]:
    ends = [point[f"{target}_{end}"] for point in curve["points"] for end in ("low", "high")]
    ends += [row["value"] for row in curve["measured"][target]]
    if log:
        return [math.log10(min(ends)) - _MARGIN_DECADES, math.log10(max(ends)) + _MARGIN_DECADES]
    return [min(ends) - _MARGIN_EV, max(ends) + _MARGIN_EV]


def _hover(point: Mapping[str, Any], target: str) -> str:
    refused = f"<br>refused: {point['rejected'].replace('_', ' ').replace(';', ', ')}"
    return (
        f"<b>{point['formula']}</b><br>{show_target(point, target)} ({show_interval(point, target)})"
        f"{refused if point['rejected'] else ''}"
    )


def _measured_hover(row: Mapping[str, Any], target: str) -> str:
    shown = SHOWN[target]
    at = show_number(row["temperature_c"])
    return (
        f"<b>{row['formula']}</b><br>{show_number(row['value'], shown.format)} {shown.unit}"
        f"{f' at {at} °C' if at != '–' else ''}, measured<br>{row['doi'] or row['source_id']}"
    )


def curve_words(curve: Mapping[str, Any], confidence: float) -> str:
    """Say in a sentence what the plot shows, for those who do not see it.

    Examples
    --------
    >>> points = [
    ...     {"amount": 0.1, "conductivity_s_cm": 1e-3, "verdict": "pass"},
    ...     {"amount": 0.2, "conductivity_s_cm": 3e-3, "verdict": "pass"},
    ... ]
    >>> curve = {"label": "Sc3+ for Zr4+ on M", "points": points, "measured": {}}
    >>> curve_words(curve, 0.9)
    'Predictions with 90 % intervals from 0.1 to 0.2 Sc3+ for Zr4+ on M. The conductivity is highest at 0.2
    (3.0e-3 S/cm) among the amounts that no rule refuses.'
    """
    points = curve["points"]
    said = (
        f"Predictions with {100 * confidence:g} % intervals from {points[0]['amount']:g} to "
        f"{points[-1]['amount']:g} {curve['label']}."
    )
    allowed = [point for point in points if point["verdict"] != "reject"]
    if not allowed:
        return f"{said} The rules refuse every amount."
    best = max(allowed, key=lambda point: point["conductivity_s_cm"])
    said += (
        f" The conductivity is highest at {best['amount']:g} ({show_target(best, 'conductivity_s_cm')}) "
        "among the amounts that no rule refuses."
    )
    count = sum(len(rows) for rows in curve["measured"].values())
    return f"{said} {count} measured values lie near the curve." if count else said
