"""What was derived before, as text in the user's cache directory: a second start reads it and derives nothing.

An entry is one file: a line with the version of this format and a digest of what follows, a line that says what the entry is about, the text.  It is
plain text and never a pickle, and only a guess about work saved: whatever is wrong with it (broken, cut off, of another version, somebody else's)
makes it absent, and it is written again.  No error of the file system leaves this room.

Where   SYMGD_CACHE=directory, or SYMGD_CACHE=off for none; else XDG_CACHE_HOME/symgd, ~/.cache/symgd, ~/Library/Caches/symgd on macOS,
        %LOCALAPPDATA%\\symgd\\Cache on Windows
When    an entry holds for one state of the program: its version, the size and time of each of its source files (what Python judges its own
        compiled files by), the same of the libraries that determine results, and the version of Python
Whose   directory and file must belong to the user and be writable by nobody else; a link is not followed
How     a file takes its name when it is complete (atomic replace): readers and writers at the same time see one whole entry or none
Size    beyond MOST_BYTES or MOST_FILES the entries that were not used for longest go
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from functools import cache
from hashlib import blake2b
from importlib.machinery import PathFinder

__all__ = ["folder", "keep", "kept"]

VERSION = "symgd-cache 1"
MOST_BYTES, MOST_FILES, LARGEST = 64_000_000, 1_000, 8_000_000
LIBRARIES = ("sympy", "mpmath", "flint", "numpy", "latex2mathml", "typst")
DAY = 86_400.0
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def folder() -> str:
    """The directory, or "" for none."""
    said = os.environ.get("SYMGD_CACHE", "")
    if said:
        return "" if said.lower() in ("off", "0", "no", "none") else os.path.abspath(said)
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return os.path.join(local, "symgd", "Cache") if os.path.isabs(local) else ""
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Caches", "symgd") if os.path.isabs(home) else ""
    base = os.environ.get("XDG_CACHE_HOME", "")
    base = base if os.path.isabs(base) else os.path.join(home, ".cache")  # a relative one is to be ignored, as its specification says
    return os.path.join(base, "symgd") if os.path.isabs(base) else ""


def kept(kind: str, *about: str) -> str | None:
    """The text kept under a kind and what it is about, or None."""
    if not (place := folder()):
        return None
    try:
        head = _head(kind, about)
        path = os.path.join(place, _name(head))
        data = _read(place, path)
        if data is None:
            return None
        first, _, rest = data.partition(b"\n")
        if first != _first(rest):
            return None
        said, _, text = rest.partition(b"\n")
        return text.decode("utf-8") if said == head else None
    except (OSError, ValueError):
        return None


def keep(text: str, kind: str, *about: str) -> None:
    """The text under a kind and what it is about.  Where it cannot be written nothing happens."""
    if not (place := folder()):
        return
    with contextlib.suppress(OSError, ValueError):
        head = _head(kind, about)
        rest = head + b"\n" + text.encode("utf-8")
        if len(rest) > LARGEST:
            return
        os.makedirs(place, mode=0o700, exist_ok=True)
        if _ours(os.lstat(place), stat.S_ISDIR):
            _write(os.path.join(place, _name(head)), _first(rest) + b"\n" + rest)
            _trim(place)


# ---------------------------------------------------------------- names


def _head(kind: str, about: tuple[str, ...]) -> bytes:
    """One line: what the entry is about, and the state of the program."""
    return "\t".join(part.encode("unicode_escape").decode("ascii") for part in (kind, state(), *about)).encode("ascii")


def _name(head: bytes) -> str:
    return f"{blake2b(head, digest_size=20).hexdigest()}.txt"


def _first(rest: bytes) -> bytes:
    return f"{VERSION} {blake2b(rest, digest_size=32).hexdigest()}".encode("ascii")


@cache
def state() -> str:
    """A digest of the program: other sources, other libraries, another Python give another one."""
    root = os.path.dirname(os.path.abspath(__file__))
    found = [sys.version, sys.platform, *sorted(_sources(root)), *map(_library, LIBRARIES)]
    return blake2b("\n".join(found).encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()


def _sources(root: str) -> list[str]:
    out, left = [], [root]
    while left:
        with os.scandir(left.pop()) as entries:
            for e in entries:
                if e.is_dir(follow_symlinks=False):
                    if e.name != "__pycache__":
                        left.append(e.path)
                elif e.name.endswith(".py"):
                    s = e.stat()
                    out.append(f"{e.path} {s.st_size} {s.st_mtime_ns}")
    return out


def _library(name: str) -> str:
    """Where a library lies and since when, found without importing it."""
    found = PathFinder.find_spec(name)
    if found is None or not found.origin:
        return f"{name} -"
    s = os.stat(found.origin)
    return f"{found.origin} {s.st_size} {s.st_mtime_ns}"


# ---------------------------------------------------------------- files


def _ours(s: os.stat_result, kind: object) -> bool:
    """Does it belong to the user, and can nobody else write it?  Where a platform has no such owners its user directories are the guard."""
    right = stat.S_ISDIR(s.st_mode) if kind is stat.S_ISDIR else stat.S_ISREG(s.st_mode)
    return right and (sys.platform == "win32" or (s.st_uid == os.geteuid() and not s.st_mode & OTHERS_WRITE))


def _read(place: str, path: str) -> bytes | None:
    if not _ours(os.lstat(place), stat.S_ISDIR):
        return None
    quiet = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, os.O_RDONLY | quiet), "rb") as file:
        s = os.fstat(file.fileno())
        if not _ours(s, stat.S_ISREG) or s.st_size > 2 * LARGEST:
            return None
        if time.time() - s.st_mtime > DAY:  # used again: it goes later than others
            with contextlib.suppress(OSError):
                os.utime(path)
        return file.read(2 * LARGEST)


def _write(path: str, data: bytes) -> None:
    aside = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.part"
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as file:
            file.write(data)
        os.replace(aside, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(aside)


def _trim(place: str) -> None:
    """Down to half of what is allowed, the longest unused first; unfinished files of an hour ago too.  Files that are not ours to name stay."""
    found = []
    with os.scandir(place) as entries:
        for e in entries:
            if e.name.endswith((".txt", ".part")) and len(e.name.split(".")[0]) == 40 and e.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):  # somebody else's trimming took it
                    s = e.stat(follow_symlinks=False)
                    found.append((s.st_mtime, s.st_size, e.path))
    found.sort(reverse=True)
    crowded = sum(size for _, size, _ in found) > MOST_BYTES or len(found) > MOST_FILES
    total = 0
    for count, (when, size, path) in enumerate(found):
        total += size
        unfinished = path.endswith(".part") and time.time() - when > DAY / 24
        if unfinished or (crowded and (total > MOST_BYTES / 2 or count >= MOST_FILES / 2)):
            with contextlib.suppress(OSError):
                os.unlink(path)
