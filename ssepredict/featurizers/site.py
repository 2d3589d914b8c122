"""Site-aware features: carriers, vacancies, radii, charges, mismatch, per site, and the ions themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import ATOMIC_INDEX, ELEMENTS, CompositionMatrix, FloatArray
from ssepredict.chemistry.frameworks import FRAMEWORKS, MOBILE_IONS
from ssepredict.chemistry.sites import SiteTable, assign_sites, parse_sites
from ssepredict.featurizers.inputs import check_input_features, formulas_of, remember_columns
from ssepredict.featurizers.magpie import MAGPIE, PROPERTIES

NASICON_RADIUS_OPTIMUM = 0.72
"""Mean M radius (Å) near which the conductivity of NASICON peaks.

M. Guin, F. Tietz, J. Power Sources 273 (2015) 1056, doi 10.1016/j.jpowsour.2014.09.137.
"""


_DECIMALS = 9


@dataclass(frozen=True)
class Statistics:
    """What the features of one batch share; every value is computed when first asked for."""

    sites: SiteTable

    def charges(self, site: str) -> FloatArray:
        """Charge (e) of every ion that a site holds, shape (e,)."""
        held = self.sites.held(site)
        return np.asarray(self.sites.oxidation[held.rows, held.columns], dtype=np.float64)

    def electronegativities(self, site: str) -> FloatArray:
        """Pauling electronegativity of every ion that a site holds, shape (e,)."""
        table = MAGPIE[:, PROPERTIES.index("Electronegativity")]
        row = np.array([table[ATOMIC_INDEX[symbol]] for symbol in self.sites.elements])
        return np.asarray(row[self.sites.held(site).columns], dtype=np.float64)

    def spread(self, site: str, values: FloatArray) -> FloatArray:
        """Occupancy-weighted standard deviation of a value per held ion, shape (n,)."""
        mean = self.sites.site_mean(site, values)
        variance = self.sites.site_mean(site, (values - mean[self.sites.held(site).rows]) ** 2)
        return np.sqrt(variance)

    def extreme(self, site: str, values: FloatArray, largest: bool) -> FloatArray:
        """Largest or smallest value per held ion, shape (n,); NaN for an empty site."""
        return self.sites.held(site).extreme(values, len(self.sites), largest=largest)

    @cached_property
    def m_radius(self) -> FloatArray:
        """Mean ionic radius on M (Å), shape (n,)."""
        return self.sites.mean_radius("M")

    @cached_property
    def x_radius(self) -> FloatArray:
        """Mean crystal radius on X (Å), shape (n,)."""
        return self.sites.mean_radius("X", "crystal")

    def share(self, site: str, symbol: str) -> FloatArray:
        """Fraction of a site held by one element, shape (n,); 0 for an empty site."""
        if symbol not in self.sites.elements:
            return np.zeros(len(self.sites))
        held = self.sites.occupancy[site][:, self.sites.elements.index(symbol)]
        total = self.sites.site_total(site)
        return np.divide(held, total, out=np.zeros(len(held)), where=total > 0)

    def mixing_entropy(self, site: str) -> FloatArray:
        """Ideal configurational entropy of the ions on a site, in units of k_B per ion, shape (n,)."""
        held, total = self.sites.held(site), self.sites.site_total(site)[self.sites.held(site).rows]
        fraction = np.divide(held.amounts, total, out=np.ones(len(total)), where=total > 0)
        terms = fraction * np.log(fraction)
        return np.asarray(0.0 - np.bincount(held.rows, weights=terms, minlength=len(self.sites)))


@dataclass(frozen=True)
class SiteFeature:
    """One feature: name, unit, meaning and how it is computed from a batch."""

    name: str
    unit: str
    meaning: str
    compute: Callable[[Statistics], FloatArray]


def _framework_feature(name: str) -> SiteFeature:
    return SiteFeature(
        f"framework_{name}",
        "",
        f"1 in the framework {name}",
        lambda s: (s.sites.framework == name).astype(float),
    )


def _mobile_feature(symbol: str) -> SiteFeature:
    return SiteFeature(
        f"mobile_{symbol}",
        "",
        f"1 when {symbol} is mobile",
        lambda s: (s.sites.mobile_ion == symbol).astype(float),
    )


def _anion_feature(symbol: str) -> SiteFeature:
    return SiteFeature(
        f"x_fraction_{symbol}", "", f"fraction of {symbol} on X", lambda s: s.share("X", symbol)
    )


SITE_FEATURES: tuple[SiteFeature, ...] = (
    *(_framework_feature(name) for name in FRAMEWORKS),
    *(_mobile_feature(symbol) for symbol in MOBILE_IONS),
    SiteFeature("carriers", "per f.u.", "mobile ions on A", lambda s: s.sites.carriers),
    SiteFeature("vacancies", "per f.u.", "empty A sites", lambda s: s.sites.vacancies),
    SiteFeature(
        "carriers_times_vacancies",
        "",
        "product, large in between",
        lambda s: s.sites.carriers * s.sites.vacancies,
    ),
    SiteFeature("a_total", "per f.u.", "ions on A", lambda s: s.sites.site_total("A")),
    SiteFeature("m_total", "per f.u.", "ions on M", lambda s: s.sites.site_total("M")),
    SiteFeature(
        "charge_residual",
        "e",
        "net charge of the formula",
        lambda s: np.abs(np.round(s.sites.charge_residual, 9)),
    ),
    SiteFeature("m_radius_mean", "Å", "mean Shannon radius on M", lambda s: s.m_radius),
    SiteFeature("m_radius_spread", "Å", "its spread", lambda s: s.spread("M", s.sites.held_radii("M"))),
    SiteFeature(
        "m_radius_largest", "Å", "largest ion on M", lambda s: s.extreme("M", s.sites.held_radii("M"), True)
    ),
    SiteFeature(
        "m_radius_smallest",
        "Å",
        "smallest ion on M",
        lambda s: s.extreme("M", s.sites.held_radii("M"), False),
    ),
    SiteFeature(
        "m_radius_off_optimum",
        "Å",
        "distance of the mean M radius from 0.72 Å",
        lambda s: np.abs(s.m_radius - NASICON_RADIUS_OPTIMUM),
    ),
    SiteFeature("m_charge_mean", "e", "mean charge on M", lambda s: s.sites.site_mean("M", s.charges("M"))),
    SiteFeature("m_charge_spread", "e", "its spread", lambda s: s.spread("M", s.charges("M"))),
    SiteFeature(
        "m_electronegativity_mean",
        "Pauling",
        "mean electronegativity on M",
        lambda s: s.sites.site_mean("M", s.electronegativities("M")),
    ),
    SiteFeature(
        "m_electronegativity_spread",
        "Pauling",
        "its spread",
        lambda s: s.spread("M", s.electronegativities("M")),
    ),
    SiteFeature("m_entropy", "k_B", "mixing entropy on M", lambda s: s.mixing_entropy("M")),
    SiteFeature("t_radius_mean", "Å", "mean radius on T", lambda s: s.sites.mean_radius("T")),
    SiteFeature("t_fraction_Si", "", "fraction of Si on T", lambda s: s.share("T", "Si")),
    SiteFeature("x_radius_mean", "Å", "mean crystal radius on X", lambda s: s.x_radius),
    SiteFeature(
        "x_electronegativity_mean",
        "Pauling",
        "mean electronegativity on X",
        lambda s: s.sites.site_mean("X", s.electronegativities("X")),
    ),
    *(_anion_feature(symbol) for symbol in ("O", "F", "Cl", "Br", "I")),
    SiteFeature("x_entropy", "k_B", "mixing entropy on X", lambda s: s.mixing_entropy("X")),
    SiteFeature(
        "m_to_x_radius",
        "",
        "mean M over mean X crystal radius",
        lambda s: s.sites.mean_radius("M", "crystal") / s.x_radius,
    ),
)
"""The features that do not depend on which elements were seen in training."""


def site_features(sites: SiteTable, elements: tuple[str, ...] = ()) -> FloatArray:
    """Features of a batch whose sites are assigned.

    Parameters
    ----------
    sites : SiteTable
        n compositions.
    elements : tuple of str, length k
        Elements whose amount per formula unit is appended.

    Returns
    -------
    ndarray of float, shape (n, len(SITE_FEATURES) + k)
        NaN where a feature is not defined (vacancies of a glass, radii that Shannon does not list).
    """
    shared = Statistics(sites)
    amounts = sites.composition
    columns = [feature.compute(shared) for feature in SITE_FEATURES]
    columns += [amounts.amount(symbol) for symbol in elements]
    # What floating-point sums leave behind must not decide a split: text and arrays give the same features.
    return np.asarray(np.round(np.column_stack(columns), _DECIMALS), dtype=np.float64)


class SiteFeaturizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Site features and amounts of elements, as a scikit-learn transformer.

    Parameters
    ----------
    column : str, default "formula"
        Where a DataFrame keeps the formulas.
    elements : sequence of str or None, default None
        Elements that get a column for their amount; None for every element that `fit` sees.

    Attributes
    ----------
    elements_ : tuple of str
        Elements with a column, in the order of the atomic number.

    Examples
    --------
    >>> features = SiteFeaturizer().set_output(transform="pandas").fit_transform(["Li2ZrCl6"])
    >>> features[["carriers", "vacancies", "amount_Zr"]].iloc[0].tolist()
    [2.0, 3.0, 1.0]
    """

    def __init__(self, column: str = "formula", elements: Sequence[str] | None = None) -> None:
        self.column = column
        self.elements = elements

    def fit(self, X: object, y: object = None) -> Self:
        """Learn which elements get a column.

        Parameters
        ----------
        X : DataFrame with the formula column, Series, sequence of str, or SiteTable
        y : ignored

        Raises
        ------
        ValueError
            When `elements` holds something else than element symbols.
        FormulaError
            When formulas cannot be read or fit no framework.
        """
        unknown = sorted(set(self.elements or ()) - set(ELEMENTS))
        if unknown:
            raise ValueError(f"elements holds {unknown}, expected symbols of the periodic table")
        composition = self._sites(X).composition
        held: list[bool] = np.any(composition.amounts > 0, axis=0).tolist()
        seen = {symbol for symbol, here in zip(composition.elements, held, strict=True) if here}
        wanted = seen if self.elements is None else set(self.elements)
        self.elements_ = tuple(symbol for symbol in ELEMENTS if symbol in wanted)
        remember_columns(self, X)
        return self

    def transform(self, X: object) -> FloatArray:
        """Features of every formula, shape (n, k); a SiteTable is used as it is.

        Raises
        ------
        FormulaError
            When formulas cannot be read or fit no framework.
        """
        check_is_fitted(self)
        return site_features(self._sites(X), self.elements_)

    def get_feature_names_out(self, input_features: npt.ArrayLike | None = None) -> npt.NDArray[np.object_]:
        """Names of the columns that `transform` gives."""
        check_is_fitted(self)
        check_input_features(self, input_features)
        names = [feature.name for feature in SITE_FEATURES]
        return np.array(names + [f"amount_{symbol}" for symbol in self.elements_], dtype=object)

    def _sites(self, X: object) -> SiteTable:
        if isinstance(X, SiteTable):
            return X
        if isinstance(X, CompositionMatrix):
            return assign_sites(X)
        return parse_sites(formulas_of(X, self.column))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags
