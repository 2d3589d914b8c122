"""What an impedance fit says of a pellet: conductivities with errors, a plot, rows for `data add`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from ssepredict.exceptions import SsePredictError
from ssepredict.physics.cell_relations import conductivity_from_resistance
from ssepredict.report.documents import json_text
from ssepredict.report.tables import table_of
from ssepredict.report.wording import show_number

if TYPE_CHECKING:
    import pandas as pd

    from ssepredict.data.impedance import ImpedanceFit

ROW_FILE, PLOT_FILE, FIT_FILE = "row.csv", "nyquist.png", "fit.json"


def fit_document(
    fit: ImpedanceFit,
    thickness_mm: float,
    area_cm2: float,
    thickness_error_mm: float = 0.0,
    area_error_cm2: float = 0.0,
    formula: str = "",
    temperature_c: float | None = None,
    citation: str = "own impedance measurement",
) -> dict[str, Any]:
    """Resistances and conductivities of a fit, ready for JSON.

    Parameters
    ----------
    fit : ImpedanceFit
    thickness_mm, area_cm2 : float
        Distance between the electrodes (mm) and area of one (cm2).
    thickness_error_mm, area_error_cm2 : float
        Their standard errors.
    formula : str
        Composition of the pellet.
    temperature_c : float, optional
        Temperature of the measurement (°C).
    citation : str
        What the rows name as their source.

    Returns
    -------
    dict
        `circuit`, `parameters`, `relative_rms`, `points`, and per contribution the resistance (ohm) and the
        conductivity (S/cm) with standard errors. That of the grain boundaries is the apparent one, with the
        pellet's thickness.

    Raises
    ------
    SsePredictError
        When a length is not positive, or an error negative.
    """
    for name, value in (("thickness_mm", thickness_mm), ("area_cm2", area_cm2)):
        if not (math.isfinite(value) and value > 0):
            raise SsePredictError(f"{name} is {value:g}, expected a positive number")
    for name, value in (("thickness_error_mm", thickness_error_mm), ("area_error_cm2", area_error_cm2)):
        if not (math.isfinite(value) and value >= 0):
            raise SsePredictError(f"{name} is {value:g}, expected zero or more")
    parts = {}
    for part, (resistance, error) in fit.resistances_ohm.items():
        sigma = conductivity_from_resistance(
            resistance,
            thickness_mm,
            area_cm2,
            resistance_error_ohm=error,
            thickness_error_mm=thickness_error_mm,
            area_error_cm2=area_error_cm2,
        )
        parts[part] = {
            "resistance_ohm": resistance,
            "resistance_error_ohm": error,
            "conductivity_s_cm": float(sigma.value),
            "conductivity_error_s_cm": float(sigma.standard_error),
        }
    return {
        "formula": formula or None,
        "temperature_c": temperature_c,
        "citation": citation,
        "thickness_mm": thickness_mm,
        "area_cm2": area_cm2,
        "circuit": fit.circuit.name,
        "circuit_text": fit.circuit.text,
        "points": len(fit.spectrum),
        "relative_rms": fit.relative_rms,
        "parameters": fit.parameters,
        "standard_errors": fit.standard_errors,
        "contributions": parts,
    }


def fit_rows(document: dict[str, Any]) -> pd.DataFrame:
    """One row per contribution, with headers that `ssepredict data add` reads.

    Parameters
    ----------
    document : dict
        As `fit_document` gives it, with formula and temperature.

    Returns
    -------
    DataFrame
        `formula`, `citation`, `temperature (°C)`, `contribution`, `conductivity (S/cm)`.

    Raises
    ------
    SsePredictError
        When formula or temperature is missing.
    """
    import pandas as pd

    if not document["formula"] or document["temperature_c"] is None:
        raise SsePredictError("a row needs the formula and the temperature; give --formula and --temperature")
    return pd.DataFrame(
        [
            {
                "formula": document["formula"],
                "citation": document["citation"],
                "temperature (°C)": document["temperature_c"],
                "contribution": part,
                "conductivity (S/cm)": values["conductivity_s_cm"],
            }
            for part, values in document["contributions"].items()
        ]
    )


def write_fit(folder: str | Path, fit: ImpedanceFit, document: dict[str, Any]) -> list[Path]:
    """Write plot, fit and, where formula and temperature are known, the rows for `data add`.

    Parameters
    ----------
    folder : str or Path
        Made when missing.
    fit : ImpedanceFit
    document : dict
        As `fit_document` gives it.

    Returns
    -------
    list of Path
        The files.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / FIT_FILE).write_text(json_text(document) + "\n", encoding="utf-8")
    plot_nyquist(fit, place / PLOT_FILE)
    written = [place / FIT_FILE, place / PLOT_FILE]
    if document["formula"] and document["temperature_c"] is not None:
        fit_rows(document).to_csv(place / ROW_FILE, index=False)
        written.append(place / ROW_FILE)
    return written


def plot_nyquist(fit: ImpedanceFit, path: str | Path) -> None:
    """Plot measured points and fitted circuit in the complex plane, one scale on both axes.

    Parameters
    ----------
    fit : ImpedanceFit
    path : str or Path
        Image file, e.g. .png or .svg.
    """
    from matplotlib.figure import Figure

    measured, fitted = fit.spectrum.impedance_ohm, fit.fitted_ohm
    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(measured.real, -measured.imag, "o", mfc="none", ms=5, label="measured")
    axes.plot(fitted.real, -fitted.imag, "-", lw=1.5, label=f"{fit.circuit.name}: {fit.circuit.text}")
    total = fit.resistances_ohm["total"][0]
    axes.axvline(total, color="0.6", lw=0.8, ls="--", label=f"total {total:.4g} Ω")
    axes.set_xlim(0, 1.6 * total)
    axes.set_ylim(0, 1.1 * total)
    axes.set_aspect("equal")
    axes.set_xlabel("Z' (Ω)")
    axes.set_ylabel("−Z'' (Ω)")
    axes.legend(frameon=False, fontsize="small")
    figure.savefig(path, dpi=150)


def fit_table(document: dict[str, Any]) -> RenderableType:
    """Show resistances and conductivities of a fit at a terminal.

    Parameters
    ----------
    document : dict
        As `fit_document` gives it.
    """
    table = table_of("contribution", "resistance (Ω)", "± (Ω)", "conductivity (S/cm)", "± (S/cm)")
    for part, values in document["contributions"].items():
        table.add_row(
            part.replace("_", " "),
            show_number(values["resistance_ohm"], ".4g"),
            show_number(values["resistance_error_ohm"], ".2g"),
            show_number(values["conductivity_s_cm"], ".3e"),
            show_number(values["conductivity_error_s_cm"], ".1e"),
        )
    quality = (
        f"{document['circuit']} ({document['circuit_text']}), {document['points']} points, residuals "
        f"{100 * document['relative_rms']:.2g} % of |Z|"
    )
    return Group(table, Text(quality))
