"""What was derived before: documents, for the command line, and gradient functions.  A second `symgd derive line-mse` imports next to nothing.

What a document is made of are the words on the command line and the program; a file that is named (a .toml, a title from one) is not looked at, so
those are made anew.  Only text for the terminal or a pipe is kept: a PDF and a file with -o take their usual way.

What a function is made of is its problem.  Its texts are kept, and run again only if they are arithmetic (`numeric.program.compiled`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
from typing import TYPE_CHECKING

from symgd.cache import keep, kept

if TYPE_CHECKING:
    from symgd.forward import Problem
    from symgd.numeric.function import GradientFunction

__all__ = ["document", "function", "put"]

TEXTS = ("", "text", "markdown", "latex", "html", "notebook", "json")


def _words(given: argparse.Namespace) -> str:
    """The words that determine the document, or "" where it is not kept."""
    words = vars(given)
    if words.get("run") != "commands.derive_command" or words["format"] not in TEXTS or words["output"] not in ("", "-"):
        return ""
    if (words["problem"] or "").endswith(".toml"):
        return ""
    return json.dumps({k: v for k, v in words.items() if k not in ("output", "force")}, sort_keys=True)


def document(given: argparse.Namespace) -> str | None:
    """The document, where it was derived before."""
    words = _words(given)
    return kept("document", words) if words else None


def put(given: argparse.Namespace, text: str) -> None:
    """Keep a document that was derived."""
    if words := _words(given):
        keep(text, "document", words)


def function(stated: Problem) -> GradientFunction:
    """The gradient of the problem as NumPy functions: its texts as they were kept, or derived, proved, written and kept."""
    from symgd.derivation import Gradient
    from symgd.numeric.function import GradientFunction, from_written
    from symgd.records import to_json

    record = to_json(Gradient(stated, ()))
    with contextlib.suppress(ValueError):  # what is no longer such a text is written again
        if (text := kept("function", record)) is not None:
            return from_written(stated, json.loads(text))
    from symgd.backward import derive

    made = GradientFunction(derive(stated))
    keep(json.dumps(made.written(), ensure_ascii=False), "function", record)
    return made
