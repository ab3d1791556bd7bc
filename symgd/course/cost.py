"""The page on size: what a line through 10¹² rows costs, and why it is six numbers a part.

Glossary: `s` a shift, `a` and `c` an anchor (a slope and an intercept), any numbers fixed before the rows are read; `z` = x − s; `r` the residual of the
anchor; `p`, `q` how far a line is from it; `S` sums over all rows; A and B two parts.
"""

from __future__ import annotations

from functools import lru_cache

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.course.amounts import amount
from symgd.course.proved import along, proved
from symgd.derivation import Gradient
from symgd.document.page import Code, Formula, Inline, Line, Link, Mono, Page, Strong
from symgd.exposition.writing import Writing
from symgd.forward import Definition, Problem
from symgd.numeric.bound.moments import PIECE
from symgd.numeric.streamed.source import PART_ROWS
from symgd.pictures import Drawing, Rows, Series, curves, to_blocks
from symgd.pictures.lettering import count, number, power_of_ten
from symgd.term import D, Div, Name, Sum, Term, mul
from symgd.typeset.layout import layout

__all__ = ["COST", "cost"]

COST = "cost"  # the stem of its files
ROWS, BYTES = 10**12, 16  # of a row: two doubles
STEPS = 1_000
CORES = (2, 16, 100, 1_000, 10_000)
RATE, BY = 75_000_000, 2  # rows a second by so many cores, as measured:
MEASURED, COMMAND = "November 2026", "python -m tests.benchmarks P13"
ANSWER = 220  # bytes in which the exact sums of a part travel, pickled

w, b, s, a, c, p, q, n = map(Name, "wbsacpqn")
x, y, u, z, r = (Name(k, ("i",)) for k in "xyuzr")
SUMS = {Name(f"S_{k}"): of for k, of in (("z", z), ("r", r), ("zz", z**2), ("zr", mul(z, r)), ("rr", r**2))}
S_z, S_r, S_zz, S_zr, S_rr = SUMS


@lru_cache(maxsize=1)
def _line() -> Gradient:
    return derive(problem("line-mse"))


NEAR = (Definition(z, x - s, ""), Definition(r, a * x + c - y, ""))
TOTALS = tuple(Definition(name, Sum("i", of), "") for name, of in SUMS.items())
AWAY = (Definition(p, w - a, ""), Definition(q, b - c + p * s, ""))


def cost() -> Page:
    """The page.  Every line is a definition, or it is proved."""
    page = Writing("full", "sum")
    for write in (_question, _sums, _parts, _digits, _price, _others):
        write(page)
    summary = "The rows are read once, by as many machines as there are; a part answers with six numbers, and the descent needs nothing else."
    return Page((f"A line through {power_of_ten(12)} rows",), tuple(page.blocks), (summary,))


def _f(t: Term) -> Formula:
    return Formula(layout(t))


def _listed(*names: Name) -> Inline:
    """n, S, …"""
    return tuple(v for name in names for v in (", ", _f(name)))[1:]


def _question(page: Writing) -> None:
    page.say(f"Gradient descent looks at every row in every step. With {power_of_ten(12)} rows of two numbers that is {_bytes(ROWS * BYTES)} a step, and ",
             "there are thousands of steps. Here are the ", Link("slopes of the squared loss", "line-mse/line-mse", page=True), " of a line:")  # fmt: skip
    page.chain(_slopes(_line()))
    page.say("Both are sums over the rows, and the parameters stand inside. They can be brought out.")


def _slopes(g: Gradient) -> tuple[Line, ...]:
    return tuple(Line(layout(d.goal), layout(d.result), check="proved") for d in (g.of("w"), g.of("b")))


def _sums(page: Writing) -> None:
    whole, loss, inner = along(_line().problem, *NEAR, *TOTALS, *AWAY), _line().problem.objective, S_r + p * S_z + n * q
    page.head("Six numbers")
    page.say("Before the rows are read, a shift ", _f(s), " near the mean of ", _f(x), " and an anchor, a line of slope ", _f(a), " and intercept ", _f(c),
             " near the best one, are taken from a sample of rows. Any numbers would do; near ones keep the digits. Each row is seen from "
             "there, and summed:")  # fmt: skip
    page.chain(tuple(page.line(d.name, d.value, ":=") for d in (*NEAR, *TOTALS)))
    page.say("The line that is asked about is so far from the anchor:")
    page.chain(tuple(page.line(d.name, d.value, ":=") for d in AWAY))
    page.say("Its residual is that of the anchor and a correction, and all that depends on rows comes out:")
    square = S_rr + 2 * p * S_zr + 2 * q * S_r + p**2 * S_zz + 2 * p * q * S_z + n * q**2
    page.chain((
        proved(u, r + p * z + q, whole, ("by the definitions",)),
        proved(loss, Div(square, n), whole, ("squared and summed",)),
        proved(D(loss, b), Div(mul(2 * inner), n), whole, ("summed",)),
        proved(D(loss, w), Div(2 * (S_zr + p * S_zz + q * S_z + s * inner), n), whole, ("times ", _f(x), ", which is ", _f(z + s), ", and summed",)),
    ))  # fmt: skip
    page.say("So the rows enter by ", Strong("six numbers"), " alone: ", *_listed(n, *SUMS), ". Once they are known, a step is a dozen multiplications, for ",
             f"ten rows as for {power_of_ten(12)}; {count(STEPS)} steps take milliseconds.")  # fmt: skip


def _parts(page: Writing) -> None:
    whole, away = along(_line().problem, *NEAR, *TOTALS), x - Div(Sum("i", x), n)
    page.head("In any parts")
    page.say("Shift and anchor are common to all rows. So the sums of the whole are those of its parts, added, and nothing has to be converted. What is ",
             "asked at the end is about the mean, and there the shift is gone:")  # fmt: skip
    page.chain((
        proved(Sum("i", away**2), S_zz - Div(S_z**2, n), whole, ("for every shift",)),
        proved(Sum("i", mul(away, r)), S_zr - Div(mul(S_z, S_r), n), whole, ("for every shift",)),
    ))  # fmt: skip
    n_A, n_B, S_A, S_B, Q_A, Q_B = (Name(f"{k}_{part}") for k in "nSQ" for part in "AB")
    own = (Q_A - Div(S_A**2, n_A)) + (Q_B - Div(S_B**2, n_B))
    between = mul(Div(mul(n_A, n_B), n_A + n_B), (Div(S_A, n_A) - Div(S_B, n_B)) ** 2)
    page.say("Often each part takes its own mean, and what is about different means is merged. That is the same number: with count, sum and sum of ",
             "squares of two parts A and B,")  # fmt: skip
    page.chain((proved(Q_A + Q_B - Div((S_A + S_B) ** 2, n_A + n_B), own + between, Problem("", (), (), (), count=()), ("Chan's formula for merging",)),))
    page.say("But the right side is rounded at every merge, and depends on who is merged with whom. The left side only adds.")


def _digits(page: Writing) -> None:
    page.head("The same digits, whoever reads")
    page.say(f"Rounded numbers added in another order give other digits. So only the {count(PIECE)} rows of a piece, which every division of the work leaves ",
             "whole, are added as the processor adds. From there on a sum is carried as a few doubles that are it exactly, and exact addition knows no ",
             "order. It is rounded once, at the end. Two workers or two thousand, whoever died and whose part was read again: every digit is the same. (Only ",
             "processors of another kind may differ within a piece, in its last bit.)")  # fmt: skip
    page.say(f"This bounds the error too. A sum of {count(PIECE)} products is wrong by at most about {count(PIECE)} · 2⁻⁵³ = {number(PIECE * 2.0**-53, 2)} of ",
             f"the sum of their sizes, and so is the sum over all {power_of_ten(12)} rows: the bound does not know how many there are. Added one after the ",
             f"other it would be {number(ROWS * 2.0**-53, 2)}.")  # fmt: skip


# ---------------------------------------------------------------- what it costs


def _seconds(cores: int, passes: int = 1) -> float:
    return passes * ROWS * BY / (RATE * cores)


def _time(seconds: float) -> str:
    """In the unit in which it is a number one can think of."""
    for unit, size in (("years", 365.25 * 86_400), ("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return f"{amount(seconds / size, 2)} {unit}"
    return f"{amount(seconds, 2)} seconds"


def _bytes(many: float) -> str:
    for unit, size in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if many >= size:
            return f"{amount(many / size, 2)} {unit}"
    return f"{amount(many, 2)} bytes"


def _price(page: Writing) -> None:
    parts = -(-ROWS // PART_ROWS)
    page.head("What it costs")
    page.say(f"Measured ({MEASURED}, ", Mono(COMMAND), f"): on a quiet machine {BY} cores read {count(RATE)} rows a second from a Parquet file and take the ",
             f"six sums. A pass over {power_of_ten(12)} rows reads {_bytes(ROWS * BYTES)}, ",
             "and is divided without loss as long as the disks keep up:")  # fmt: skip
    page.blocks.extend(to_blocks(_drawing()))
    page.say(f"What is sent is nothing beside it. {count(parts)} parts of about {count(PART_ROWS)} rows answer with six doubles, 48 bytes; with those ",
             f"that make them exact, {ANSWER}. Together that is at most {_bytes(parts * ANSWER)}, and less, for a worker adds up the parts it was given ",
             "before it answers. The rows stay where they are.")  # fmt: skip
    page.blocks.append(Code("symgd fit 'rows/*.parquet' --feature x --target y --dask tcp://scheduler:8786", "sh"))
    page.say("With ", Mono("--dask local"), " the workers are processes of one machine. The rows are read once; where the sample was unlike the rest of them, ",
             "once more, with a better shift.")  # fmt: skip


def _drawing() -> Drawing:
    """Hours against cores, both logarithmic."""
    series = [Series(says, CORES, [_seconds(k, passes) / 3_600 for k in CORES])
              for says, passes in (("squared loss, all steps", 1), (f"another loss, {count(STEPS)} steps", STEPS))]  # fmt: skip
    rows = tuple((count(k), f"{_bytes(ROWS * BYTES / _seconds(k))}/s", _time(_seconds(k)), _time(_seconds(k, STEPS))) for k in CORES)
    table = Rows(("cores", "read", *(one.label for one in series)), rows)
    told = (f"Hours against the number of cores, both axes logarithmic: two parallel falling lines, {count(STEPS)} times apart. Ten times the cores take a ",
            "tenth of the time; the squared loss needs one pass for all steps, another loss a pass for each.")  # fmt: skip
    return curves(series, x_label="cores", y_label="hours", log_x=True, log_y=True, title=f"Time for {power_of_ten(12)} rows", description="".join(told),
                  table=table, prefix="cost")  # fmt: skip


def _others(page: Writing) -> None:
    other = derive(problem("logistic-log-loss"))
    page.head("Another loss")
    page.say("The square came apart because it is a polynomial. Take the log-loss, for yes and no, with letters of its own:")
    page.chain((*(page.line(d.name, d.value, ":=") for d in other.problem.tape[:2]), *_slopes(other)))
    page.say(_f(other.problem.tape[1].name), " mixes the parameters with the row in a way that no few sums hold for all lines. So each step is a pass of its ",
             "own: two numbers go out to every worker, ", _f(w), " and ", _f(b), ", and three come back from every part, the sums of the loss and of the two ",
             f"slopes. It is exact in the same way, and as cheap to send; but {count(STEPS)} steps read {_bytes(STEPS * ROWS * BYTES)}. What helps is to take ",
             "few of them: fit a sample of the rows first, and begin where that ended (", Mono("--start"), ").")  # fmt: skip
