"""Formulas to numbers: scikit-learn transformers on a column of formulas."""
