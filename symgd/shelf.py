"""Documents that were derived before: the command line looks here first, and a second `symgd derive line-mse` imports next to nothing.

What a document is made of are the words on the command line and the program; a file that is named (a .toml, a title from one) is not looked at, so
those are made anew.  Only text for the terminal or a pipe is kept: a PDF and a file with -o take their usual way.
"""

from __future__ import annotations

import argparse
import json

from symgd.cache import keep, kept

__all__ = ["document", "put"]

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
