"""Writing a file so that nothing is lost: the whole text or none of it, and never over a file that nobody said to replace."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

__all__ = ["see_writable", "write_bytes", "write_file", "write_text"]


def write_text(path: str | os.PathLike[str], text: str, force: bool = False) -> None:
    """The text as UTF-8 at `path`, newlines as they are.  Raises as `write_bytes`, and ValueError for text that UTF-8 cannot hold."""
    write_bytes(path, text.encode("utf-8"), force)


def write_bytes(path: str | os.PathLike[str], data: bytes, force: bool = False) -> None:
    """The data at `path`, complete or not at all: a temporary file beside it takes the data, and then its name.

    force    replace an existing file (through a symbolic link, the file it points to)
    Raises FileExistsError where the name is taken and force is False; IsADirectoryError, FileNotFoundError, PermissionError or another OSError that
    names the path otherwise.  After an error an existing file is as it was.
    """
    target = see_writable(path, force)
    aside = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if force:
            if target.exists():
                os.chmod(aside, target.stat().st_mode & 0o7777)
            os.replace(aside, target)
        else:
            _claim(aside, target)
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, "the file exists already; --force replaces it", str(path)) from None
    except OSError as why:
        raise type(why)(why.errno, f"cannot be written ({why.strerror})", str(path)) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(aside)


def write_file(path: str | os.PathLike[str], data: str | bytes, force: bool = False) -> None:
    """What a format made of a page: text as `write_text`, bytes as `write_bytes`."""
    write_text(path, data, force) if isinstance(data, str) else write_bytes(path, data, force)


def see_writable(path: str | os.PathLike[str], force: bool = False) -> Path:
    """Where the data will go.  What is known beforehand is refused here, before anything is computed or written; raises as `write_bytes`."""
    target = Path(os.path.realpath(path)) if force else Path(path)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a directory; give the name of a file", str(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such directory to write to", str(target.parent))
    if os.path.lexists(target) and not force:
        raise FileExistsError(errno.EEXIST, "the file exists already; --force replaces it", str(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "is no regular file, and is not replaced by one", str(path))
    return target


def _claim(aside: Path, target: Path) -> None:
    """The name `target` for the finished file, unless somebody took it meanwhile."""
    try:
        os.link(aside, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: take the name first, then put the file there
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.replace(aside, target)
