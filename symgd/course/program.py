"""The programs of the lessons: plain NumPy on the reader's columns, text of ours; run to show what they print, and by the reader himself."""

from __future__ import annotations

import contextlib
import io

import numpy as np

from symgd.course.example import Example

__all__ = ["DATA", "PREAMBLE", "preamble", "printed"]

DATA = "data.csv"

PREAMBLE = '''import numpy as np
np.seterr(all="ignore")  # a descent that diverges ends in inf, which says it
x, y = np.loadtxt("{data}", delimiter=",", skiprows=1, unpack=True){comment}
n, scale = len(x), {scale}


def loss(w, b):
    return scale * np.mean((w * x + b - y) ** 2)


def slopes(w, b):
    u = w * x + b - y
    return scale * 2 * np.mean(u * x), scale * 2 * np.mean(u)

'''


def preamble(example: Example) -> str:
    """What every program begins with: the columns from the file beside the page, the loss, its slopes.  Column names stand in a comment, on one line."""
    return PREAMBLE.format(data=DATA, comment=f"  # {_cleaned(example.feature)}, {_cleaned(example.target)}", scale=example.scale)


def _cleaned(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name).replace("{", "(").replace("}", ")")


def printed(body: str, example: Example) -> str:
    """What the program with this body prints, its file read from the example.

    What runs is text of ours: lessons put numbers into it, never words of the data, and the preamble stands before it without its comment.
    """
    out = io.StringIO()
    columns = np.column_stack((example.x, example.y))

    class Numbers:
        """NumPy, whose loadtxt gives the example's columns."""

        loadtxt = staticmethod(lambda *_, **__: columns.T)  # laid out as NumPy reads it: sums of it are rounded alike

        def __getattr__(self, name: str) -> object:
            return getattr(np, name)

    text = PREAMBLE.format(data=DATA, comment="", scale=example.scale).replace("import numpy as np\n", "", 1) + body
    with contextlib.redirect_stdout(out), np.errstate(all="ignore"):
        exec(compile(text, "<program>", "exec"), {"np": Numbers(), "__name__": "program"})
    return out.getvalue()
