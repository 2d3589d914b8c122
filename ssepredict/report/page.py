"""The frame of every HTML page: one file that loads nothing from anywhere."""

from __future__ import annotations

from importlib import resources

from ssepredict.report.markup import Markup, safe

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def page(title: str, body: Markup) -> str:
    """Wrap a body in a page that loads nothing from anywhere."""
    style = resources.files("ssepredict.report").joinpath("report.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{safe(title)}</title><style>{style}</style>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'
