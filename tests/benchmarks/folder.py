"""`python -m tests.benchmarks.folder [FILES]`: a folder of 1,000 submissions of ten lines each, checked with two processes, a report written for each.

The submissions are alike in what they show and unlike in how: letters, convention of the loss, LaTeX, Markdown or plain lines, one slip in every third.
"""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FILES = 1000
SECONDS = 120  # two cores
LETTERS = (("w", "b"), ("m", "c"), ("a", "b"), (r"\beta", r"\alpha"), ("k", "d"), ("w_1", "w_0"))
LOSSES = ("L", "J", "E", "C")
ERRORS = ("u", "e", "r", "z")


def submission(k: int) -> tuple[str, str, bool]:
    """(suffix, text, has it a slip?) of the k-th: ten lines of mathematics"""
    draw = random.Random(k)
    (w, b), loss, e = draw.choice(LETTERS), draw.choice(LOSSES), draw.choice(ERRORS)
    half = draw.random() < 0.5
    front, two = (r"\frac{1}{2n}", "1") if half else (r"\frac{1}{n}", "2")
    number, rate = draw.randint(2, 9), draw.choice(("0.1", "0.5", "0.05"))
    slipped = k % 3 == 0
    last = rf"\frac{{\partial {loss}}}{{\partial {w}}} = \frac{{{two}}}{{n}} \sum_{{i=1}}^n ({w} x_i + {b} - y_i) x_i"
    if slipped:
        wrong = draw.choice((("x_i + ", "x_i - "), (") x_i", ")^2 x_i"), (") x_i", ") y_i")))
        last = last.replace(*wrong)
    lines = [
        rf"\hat y_i = {w} x_i + {b}",
        rf"{e}_i = \hat y_i - y_i",
        rf"{loss} = {front} \sum_{{i=1}}^n {e}_i^2",
        rf"\frac{{\partial {loss}}}{{\partial {b}}} = \frac{{{two}}}{{n}} \sum_{{i=1}}^n {e}_i",
        rf"= \frac{{{two}}}{{n}} \sum_{{i=1}}^n ({w} x_i + {b} - y_i)",
        rf"\frac{{\partial {loss}}}{{\partial {w}}} = \frac{{{two}}}{{n}} \sum_{{i=1}}^n {e}_i x_i",
        last,
        rf"{w} \leftarrow {w} - \eta \frac{{\partial {loss}}}{{\partial {w}}}",
        rf"f(t) = (t - {number})^2",
        rf"f'(t) = 2 (t - {number})" if rate != "0.1" else rf"f'(t) = 2t - {2 * number}",
    ]
    match k % 4:
        case 0:
            return ".tex", "\\begin{document}\n" + "\n".join(f"\\[ {line} \\]" for line in lines) + "\n\\end{document}\n", slipped
        case 1:
            return ".md", "# Homework\n\n" + "\n\n".join(f"Then\n\n$$\n{line}\n$$" for line in lines) + "\n", slipped
        case 2:
            return ".md", "# Homework\n\n" + "\n".join(f"{n}. we have ${line}$" for n, line in enumerate(lines, 1)) + "\n", slipped
    return ".txt", "\n".join(lines) + "\n", slipped


def write(folder: Path, files: int) -> set[str]:
    """The names of those with a slip."""
    wrong = set()
    for k in range(files):
        suffix, text, slipped = submission(k)
        name = f"{k:04}{suffix}"
        (folder / name).write_text(text, encoding="utf-8")
        if slipped:
            wrong.add(name)
    return wrong


def rows(files: int = FILES) -> Iterator[tuple[str, float, float | None]]:
    """(what, number, target)"""
    with tempfile.TemporaryDirectory() as home:
        folder, out = Path(home, "class"), Path(home, "reports")
        folder.mkdir()
        expected = write(folder, files)
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "symgd", "check", str(folder), "--report", str(out)], capture_output=True, text=True, check=False)
        took = time.perf_counter() - start
        assert done.returncode == 1, done.stderr
        with open(out / "summary.csv", newline="", encoding="utf-8") as table:
            found = list(csv.DictReader(table))
        assert len(found) == files == sum(1 for path in out.rglob("*.html")) - 1
    wrong = {row["file"] for row in found if row["wrong"] not in ("", "0")}
    yield f"{files} submissions of {sum(int(r['lines'] or 0) for r in found) / files:g} lines, each with its report, s", took, SECONDS * files / FILES
    yield "of these slipped, not called wrong", len(expected - wrong), 0
    yield "of these right, called wrong", len(wrong - expected), 0
    yield "lines undecided or unread", sum(int(r["undecided"] or 0) + int(r["unread"] or 0) for r in found), None


if __name__ == "__main__":
    missed = 0
    for what, value, target in rows(int(sys.argv[1]) if len(sys.argv) > 1 else FILES):
        missed += target is not None and value > target
        print(f"{what:64} {value:8.2f} {'' if target is None else f'≤ {target:g}':>8}")
    sys.exit(1 if missed else 0)
