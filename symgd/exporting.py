"""What `symgd export` does: a gradient as a file that needs symgd no more."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path, PurePath

import symgd
from symgd.entries import Refused, named, refusing
from symgd.document.files import see_writable, write_text
from symgd.numeric.targets.table import TARGETS, exported

__all__ = ["export_command"]


def export_command(given: argparse.Namespace) -> int:
    """The text on the terminal, or as FILE; C is two files, FILE.h and FILE.c, whichever of them is named."""
    suffixes = TARGETS[given.to].suffix
    path = PurePath(given.output)
    if given.output not in ("", "-") and path.suffix not in suffixes:
        raise Refused(f"{given.output}: the suffix of a file for {given.to} is {' or '.join(suffixes)}")
    if given.output not in ("", "-"):
        for suffix in suffixes:
            see_writable(Path(path.with_suffix(suffix)), given.force)
    with refusing():
        problem = named(given.problem) if given.problem.endswith(".toml") else symgd.problem(given.problem)
        texts = exported(symgd.derive(problem), given.to, path.stem if path.suffix else "")
    if given.output in ("", "-"):
        sys.stdout.write("\n".join(texts.values()))
        return 0
    written = [path.with_suffix(suffix) for suffix in texts]
    for file, text in zip(written, texts.values(), strict=True):
        write_text(file, text, given.force)
    print(f"wrote {' and '.join(map(str, written))}", file=sys.stderr)
    return 0
