"""The table of formats: a page goes out through one row of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from symgd.document.page import Page
from symgd.document.to_html import to_html
from symgd.document.to_latex import to_latex
from symgd.document.to_markdown import to_markdown
from symgd.document.to_notebook import to_notebook
from symgd.document.to_text import to_text

__all__ = ["FORMATS", "Format", "format_of", "render"]


@dataclass(frozen=True)
class Format:
    """How a page is written: the suffix of its files, and the function."""

    suffix: str
    write: Callable[..., str]


FORMATS = {
    "text": Format(".txt", to_text),
    "markdown": Format(".md", to_markdown),
    "latex": Format(".tex", to_latex),
    "html": Format(".html", to_html),
    "notebook": Format(".ipynb", to_notebook),
}


def render(page: Page, format: str, **options: Any) -> str:  # noqa: A002 the word that users type
    """The page in a format of the table.  Options go to its function: `columns` (text), `fragment` (latex), `font` (html).

    Raises ValueError for a format that is not in the table.
    """
    if format not in FORMATS:
        raise ValueError(f"no format {format!r}; there are {', '.join(FORMATS)}")
    return FORMATS[format].write(page, **options)


def format_of(path: str, *others: str) -> str:
    """The format that a file's suffix names, a row of the table or one of `others`.  Raises ValueError with the choices."""
    suffix = PurePath(path).suffix.lower()
    known = {row.suffix: name for name, row in FORMATS.items()} | {".htm": "html", ".markdown": "markdown"} | {f".{name}": name for name in others}
    if suffix not in known:
        raise ValueError(f"the suffix {suffix!r} of {path!r} names no format; there are {', '.join(sorted(known))}")
    return known[suffix]
