"""DATA of the command line: a CSV or Parquet file read whole, or, where it is large, a source that is read part by part."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from symgd.entries import Refused

__all__ = ["source_of", "streams", "table_of"]


def source_of(given: argparse.Namespace) -> Any:
    """What Parquet, several files, or a CSV file that is too large to be read whole come from; None for any other DATA.  Raises DataError."""
    asked = "--stream" if given.stream else "--dask" if given.dask else ""
    if given.data in ("", "-"):
        if asked:
            raise Refused(f"{asked} needs a file, a folder or a pattern{': standard input can be read once only' * (given.data == '-')}")
        return None
    from symgd.numeric.data.table import FILE_BYTES
    from symgd.numeric.streamed.source import is_parquet, look, size_of

    if not os.path.exists(given.data) and not any(c in given.data for c in "*?["):
        return None  # the reader of CSV says what is wrong
    plain = os.path.exists(given.data) and not os.path.isdir(given.data) and not is_parquet(given.data)
    return None if plain and not asked and size_of(given.data) <= FILE_BYTES else look(given.data)


def streams(given: argparse.Namespace, source: Any) -> bool:
    """Is it read part by part?"""
    from symgd.numeric.streamed.whole import fits

    return given.stream or bool(given.dask) or not fits(source, len({*given.feature, *given.one_hot, given.target}) if given.target else len(source.types))


def table_of(given: argparse.Namespace, kind: str, source: Any) -> tuple[Any, str, str]:
    """(table, what messages call it, what a row is): categories and classes are read as text."""
    from symgd.numeric.data.table import example, parse_csv, read_csv

    as_text = kind in ("zero-one", "sign", "classes")
    if not given.data:
        return example(texts=None), "the bundled example", "students"
    named = (*dict.fromkeys((*given.feature, *given.one_hot)), given.target) if (given.feature or given.one_hot) and given.target else ()
    texts = (*given.one_hot, *([given.target] if as_text else [])) if named else None if as_text or given.one_hot else ()
    if source is not None:
        from symgd.numeric.streamed.whole import read_whole

        return read_whole(source, named, texts=texts, drop=given.missing == "drop"), source.name, "rows"
    if given.data == "-":
        return parse_csv(sys.stdin.buffer, "standard input", named, texts=texts, missing=given.missing), "standard input", "rows"
    return read_csv(given.data, named, texts=texts, missing=given.missing), os.path.basename(given.data), "rows"
