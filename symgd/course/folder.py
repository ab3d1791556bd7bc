"""The course as files of one folder: an index, a page a lesson, the answers, and what lies beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

from symgd.course.cards import to_tsv
from symgd.course.lesson import Course
from symgd.course.pages import ANSWERS, CARDS, PLAYGROUND, index, page
from symgd.course.path import LESSONS
from symgd.course.playground import playground
from symgd.course.program import DATA
from symgd.course.worksheets import answers, worksheets
from symgd.document.drawings import with_files
from symgd.document.formats import FORMATS, render
from symgd.document.page import Page
from symgd.document.to_html import FONT, font_bytes

__all__ = ["files"]


def files(c: Course, format: str = "html", title: str = "") -> Iterator[tuple[str, str | bytes]]:  # noqa: A002  the word that users type
    """(path below the folder, contents) of every file, the index last.  HTML pages share one font file; Markdown links to its pictures.

    Raises ValueError for a format that is not in the table, MissingExtra where it needs a library that is not installed.
    """
    if format == "markdown":
        c = replace(c, index="README")  # what a code host shows for a folder
    for lesson in LESSONS:
        yield from _written(page(c, lesson), lesson.slug, format)
    yield from _written(answers(c), ANSWERS, format)
    yield from worksheets(c)
    yield PLAYGROUND, playground(c, FORMATS[format].suffix)
    yield CARDS, to_tsv(c)
    yield DATA, columns(c)
    if format == "html":
        yield FONT, font_bytes()
    yield from _written(index(c, title), c.index, format)


def _written(page: Page, stem: str, format: str) -> Iterator[tuple[str, str | bytes]]:  # noqa: A002
    suffix = FORMATS[format].suffix
    if format == "markdown":
        page, drawn = with_files(page, stem)
        yield from drawn
    options = {"font": f"link:{FONT}"} if format == "html" else {}
    yield stem + suffix, render(page, format, **options)


def columns(c: Course) -> str:
    """The two columns as CSV, every number to its last digit; the names quoted, and harmless to a spreadsheet."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(_harmless(name) for name in (c.example.feature, c.example.target))
    write.writerows(zip(map(_written_number, c.example.x), map(_written_number, c.example.y), strict=True))
    return out.getvalue()


def _harmless(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name


def _written_number(v: float) -> str:
    return repr(int(v)) if v == int(v) and abs(v) < 2**53 else repr(float(v))
