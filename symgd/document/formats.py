"""The table of formats: a page goes out through one row of it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any, Literal, TypeAlias, overload

from symgd.document.page import Page
from symgd.document.to_pdf import MissingExtra

__all__ = ["BYTES", "FORMATS", "TEXTS", "Format", "MissingExtra", "format_of", "render", "see_installed"]


@dataclass(frozen=True)
class Format:
    """How a page is written: the suffix of its files, the function to_… in the file of its name, and the library of an extra that it needs."""

    suffix: str
    to: str
    needs: str = ""

    def write(self, page: Page, **options: Any) -> str | bytes:
        """One format is written at a time: the others are not imported."""
        written: str | bytes = getattr(import_module(f"symgd.document.{self.to}"), self.to)(page, **options)
        return written


FORMATS = {
    "text": Format(".txt", "to_text"),
    "markdown": Format(".md", "to_markdown"),
    "latex": Format(".tex", "to_latex"),
    "html": Format(".html", "to_html"),
    "notebook": Format(".ipynb", "to_notebook"),
    "pdf": Format(".pdf", "to_pdf", "typst"),
}

BYTES = ("pdf",)  # the formats that are no text
TEXTS = tuple(name for name in FORMATS if name not in BYTES)

Text: TypeAlias = Literal["text", "markdown", "latex", "html", "notebook"]


@overload
def render(page: Page, format: Text, **options: Any) -> str: ...
@overload
def render(page: Page, format: str, **options: Any) -> str | bytes: ...
def render(page: Page, format: str, **options: Any) -> str | bytes:  # noqa: A002 the word that users type
    """The page in a format of the table: text, or bytes for those in BYTES.

    Options go to its function: `columns` (text), `fragment` (latex), `font` (html).
    Raises ValueError for a format that is not in the table, MissingExtra where it needs a library that is not installed.
    """
    if format not in FORMATS:
        raise ValueError(f"no format {format!r}; there are {', '.join(FORMATS)}")
    return FORMATS[format].write(page, **options)


def see_installed(format: str) -> None:  # noqa: A002
    """Raises MissingExtra where the format needs a library that is not installed: before anything is computed."""
    row = FORMATS.get(format)
    if row and row.needs and find_spec(row.needs) is None:
        raise MissingExtra(row.needs, format)


def format_of(path: str, *others: str) -> str:
    """The format that a file's suffix names, a row of the table or one of `others`.  Raises ValueError with the choices."""
    suffix = PurePath(path).suffix.lower()
    known = {row.suffix: name for name, row in FORMATS.items()} | {".htm": "html", ".markdown": "markdown"} | {f".{name}": name for name in others}
    if suffix not in known:
        raise ValueError(f"the suffix {suffix!r} of {path!r} names no format; there are {', '.join(sorted(known))}")
    return known[suffix]
