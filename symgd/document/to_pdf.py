"""Page → PDF, tagged (PDF/UA-1), through Typst.  The library is imported when the first page is compiled."""

from __future__ import annotations

from typing import Any, Literal

from symgd.document.page import Page

__all__ = ["MissingExtra", "compiled", "to_pdf"]


class MissingExtra(ImportError):
    """A library that an extra of symgd brings is not installed; the message says how to install it."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{extra} needs {library}, which is not installed: pip install 'symgd[{extra}]'")


def to_pdf(page: Page) -> bytes:
    """The page as a PDF: language, title, tags, a spoken sentence for every formula.  The same page gives the same bytes.

    Raises MissingExtra without Typst, ValueError for a picture that is no drawing.
    """
    from symgd.document.to_typst import to_typst

    return compiled(to_typst(page))


def compiled(text: str, format: Literal["pdf", "png"] = "pdf", ppi: float = 144.0) -> bytes:  # noqa: A002  the word of Typst
    """A document of Typst as PDF/UA-1, or its only page as "png".  Raises MissingExtra; ValueError for a text that Typst refuses."""
    try:
        import typst
    except ImportError:
        raise MissingExtra("typst", "pdf") from None
    options: dict[str, Any] = {"pdf_standards": ["ua-1"]} if format == "pdf" else {"ppi": ppi}
    try:
        made = typst.compile(text.encode("utf-8"), format=format, ignore_system_fonts=True, timestamp=0, **options)
    except typst.TypstError as why:
        raise ValueError(f"Typst cannot set the page: {why.message}") from why
    return bytes(made)
