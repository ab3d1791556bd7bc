"""Lines of a block of samples → statements that fill buffers: what is computed on the way needs no array of its own, and a buffer used up is used again.

Glossary: `v` the identifier of a line; `head` the part of a sum or product that is computed first, in the buffer; `tail` the axes behind the samples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symgd.indices import axis, free
from symgd.numeric.program.aligned import Axes, Writer, fraction, quotient
from symgd.numeric.program.plan import Line
from symgd.numeric.program.printing import RELATIONS, function_text
from symgd.numeric.program.together import LOG_LOSS
from symgd.term import ONE, ZERO, Add, Call, Cases, Div, Mul, Name, Neg, Num, Pow, Sum, Term, mul, names, occurrences

__all__ = ["Block", "tail_of"]

HALF = Num(Fraction(1, 2))
TRUTHS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "=": "equal", "!=": "not_equal"}
OUT = "\0"  # where the buffer's text goes


@dataclass(frozen=True)
class Statement:
    """text    one statement; OUT stands for the buffer
    reads   the symbols that it reads
    pure    is each number of the result made of the numbers in its place alone?  Then it may be written over one of them.
    """

    text: str
    reads: frozenset[str]
    pure: bool = True


@dataclass
class Block:
    """The lines per sample that a pass over the blocks computes.

    parts  for the axes behind the samples, the identifier of the buffers of that shape
    adds   the identifier of a line → that of the sum that its function gives back
    rooms  how many of them are needed
    """

    write: Writer
    parts: Mapping[Axes, str]
    adds: Mapping[str, str] = field(default_factory=dict)
    rooms: dict[Axes, int] = field(default_factory=dict)
    known: dict[tuple[Term, Axes], bool] = field(default_factory=dict)

    def statements(self, lines: Sequence[Line], sums: Sequence[Line], comment: dict[str, str]) -> list[tuple[str, str]]:
        """(statement, its comment or "") in order."""
        last = {s: k for k, x in enumerate((*lines, *sums)) for s in names(x.value)}
        for x in reversed(lines):
            if isinstance(x.value, Name):  # another name for the same array, which must live as long
                last[x.value.symbol] = max(last[x.value.symbol], last.get(x.symbol, -1))
        held: dict[str, tuple[Axes, int]] = {}
        out: list[tuple[str, str]] = []
        for k, x in enumerate(lines):
            v = self.write.ids[x.symbol]
            found = self.into(v, x.value, x.axes)
            if not found or OUT not in found[0].text:
                text = found[0].text if found else f"{v} = {self.write.text(x.value, x.axes)}"
                out.append((text, comment[x.symbol]))
                continue
            tail = tail_of(x)
            busy = {slot for s, (t, slot) in held.items() if t == tail and last[s] >= k}
            over = next((s for s in held if last[s] == k and held[s][0] == tail and _only_first(s, found, x)), None)
            free_slots = [r for r in range(len(lines) + 8) if r not in busy]
            slot = held[over][1] if over else free_slots.pop(0)
            place = self.write.ids[over] if over and self.write.flat else f"{self.parts[tail]}[{slot}]"
            spares = [r for r in free_slots if r != slot]
            held[x.symbol] = tail, slot
            most = slot
            texts = []
            for s in found:
                for d in sorted(set(re.findall(rf"{OUT}(\d+)", s.text)), reverse=True):
                    s = replace(s, text=s.text.replace(OUT + d, f"{self.parts[tail]}[{spares[int(d)]}]"))
                    most = max(most, spares[int(d)])
                texts.append(s.text.replace(OUT, place))
            self.rooms[tail] = max(self.rooms.get(tail, 0), most + 1)
            out += [(t, "") for t in texts[:-1]] + [(texts[-1], comment[x.symbol])]
        return out

    # ---------------------------------------------------------------- one line

    def into(self, v: str, t: Term, axes: Axes, depth: int = 0) -> list[Statement]:
        """Statements that leave t in v, the first one binding it to a buffer; none where t can only be written as one expression."""
        if not _full(t, axes):
            return []
        match t:
            case Add(ts):
                return self.added(v, list(ts), axes, depth)
            case Mul() | Div() | Neg():
                return self.multiplied(v, t, axes, depth)
            case Cases(((value, when),), otherwise) if value == ONE and otherwise == ZERO:
                sides = f"{self.write.text(when.left, axes)}, {self.write.text(when.right, axes)}"
                return [self.first(v, f"np.{TRUTHS[when.relation]}({sides}, out={OUT})", when.left, when.right)]
            case Pow(b, Num(k)) if k in (2, 3, 4):
                return self.power(v, b, int(k), axes, depth)
            case Call(f, (z, target)) if f == LOG_LOSS:
                called = f"{f}({self.write.text(z, axes)}, {self.write.text(target, axes)}, {v}, {OUT}0, {OUT}1)"
                called = f"{self.adds[v]} += {called}" if v in self.adds else called
                return [Statement(f"{v} = {OUT}", frozenset()), Statement(called, names(z) | names(target))]
            case Call("sigmoid", (z,)):
                return self.into(v, HALF * (1 + Call("tanh", (HALF * z,))), axes, depth)
            case Call(f, args) if (form := function_text(f)) and re.fullmatch(r"np\.\w+\([^()]*\)", form):
                deep = [u for u in args if self.deep(u, axes)]
                if len(deep) == 1 and args.count(deep[0]) == 1:
                    texts = [v if u is deep[0] else self.operand(u, axes) for u in args]
                    reads = frozenset().union(*(names(u) for u in args if u is not deep[0]))
                    return [*self.into(v, deep[0], axes, depth), Statement(f"{form.format(*texts)[:-1]}, out={v})", reads)]
                return [self.first(v, f"{form.format(*(self.operand(u, axes) for u in args))[:-1]}, out={OUT})", t)]
            case Sum() | Call("largest"):
                found = self.write.short(t, axes)
                if found is not None and found.indices == axes and found.symbol in self.write.calls:
                    f, arguments = self.write.calls[found.symbol]
                    return [replace(self.first(v, f"{f}({arguments}, out={OUT})", t), pure=False)]
        return []

    def first(self, v: str, text: str, *read: Term) -> Statement:
        return Statement(f"{v} = {text}", frozenset().union(*map(names, read)))

    def deep(self, t: Term, axes: Axes) -> bool:
        """Does t fill an array of these axes, and take statements to compute?"""
        if (t, axes) not in self.known:
            self.known[t, axes] = not isinstance(t, Name | Num) and _full(t, axes) and bool(self.into("", t, axes))
        return self.known[t, axes]

    def added(self, v: str, terms: list[Term], axes: Axes, depth: int) -> list[Statement]:
        head = next((s for s in terms if self.deep(_body(s), axes)), None)
        if head is None:
            second = next((k for k in range(1, len(terms)) if _full(mul(terms[0], terms[k]), axes)), 0)
            if not second:
                return []
            a, b = terms[0], terms[second]
            out = [self.pair(v, a, b, axes)]
            rest = [s for k, s in enumerate(terms) if k not in (0, second)]
            if isinstance(a, Neg) and isinstance(b, Neg):
                out.append(Statement(f"np.negative({v}, out={v})", frozenset()))
        else:
            rest = list(terms)
            rest.remove(head)
            out = self.into(v, _body(head), axes, depth)
            if isinstance(head, Neg):
                other = next((s for s in rest if not isinstance(s, Neg)), None)
                start = f"np.subtract({self.write.text(other, axes)}, {v}, out={v})" if other else f"np.negative({v}, out={v})"
                out.append(Statement(start, names(other) if other else frozenset()))
                if other:
                    rest.remove(other)
        for s in rest:
            out += self.more(v, "-" if isinstance(s, Neg) else "+", _body(s), axes, depth)
        return out

    def pair(self, v: str, a: Term, b: Term, axes: Axes) -> Statement:
        f = "subtract" if isinstance(a, Neg) != isinstance(b, Neg) else "add"
        x, y = (b, a) if isinstance(a, Neg) and not isinstance(b, Neg) else (a, b)
        return self.first(v, f"np.{f}({self.write.text(_body(x), axes)}, {self.write.text(_body(y), axes)}, out={OUT})", a, b)

    def more(self, v: str, sign: str, t: Term, axes: Axes, depth: int) -> list[Statement]:
        """v sign= t; what takes statements of its own is computed in a spare buffer."""
        if self.deep(t, axes):
            spare = "spare" + "_" * depth
            inner = [replace(s, text=re.sub(f"{OUT}(?!\\d)", f"{OUT}{depth}", s.text)) for s in self.into(spare, t, axes, depth + 1)]
            return [*inner, Statement(f"{v} {sign}= {spare}", frozenset())]
        return [Statement(f"{v} {sign}= {self.operand(t, axes)}", names(t))]

    def operand(self, t: Term, axes: Axes) -> str:
        """A factor as text: [z > 0] as a truth value."""
        match t:
            case Cases(((value, when),), otherwise) if value == ONE and otherwise == ZERO:
                return f"{self.write.text(when.left, axes)} {RELATIONS[when.relation]} {self.write.text(when.right, axes)}"
        return self.write.text(t, axes)

    def multiplied(self, v: str, t: Term, axes: Axes, depth: int) -> list[Statement]:
        sign, top, bottom = fraction(t)
        full = [f for f in top if _full(f, axes)]
        below = [f for f in bottom if _full(f, axes)]
        small, under = self.small(sign, [f for f in top if f not in full], [f for f in bottom if f not in below], axes)
        below = [*under, *below]
        if sign < 0 and not small:
            small = [Num(-ONE.value)]
        head = next((f for f in sorted(full, key=lambda f: not isinstance(f, Sum)) if self.deep(f, axes)), None)
        if head is not None:
            full.remove(head)
            out = self.into(v, head, axes, depth)
        else:
            written = [*small, *full]
            if len(written) < 2:
                return self.over(v, written, below, axes, depth)
            second = next((k for k in range(1, len(written)) if _full(mul(written[0], written[k]), axes)), 0)
            if not second:
                return []
            a, b = written[0], written[second]
            turned = f"np.negative({self.write.text(b, axes)}, out={OUT})"
            out = [self.first(v, turned if a == Num(-ONE.value) else f"np.multiply({self.write.text(a, axes)}, {self.write.text(b, axes)}, out={OUT})", a, b)]
            small, full = [f for k, f in enumerate(written) if k not in (0, second)], []
        for f in (*full, *small):
            out += [Statement(f"np.negative({v}, out={v})", frozenset())] if f == Num(-ONE.value) else self.more(v, "*", f, axes, depth)
        for f in below:
            out += self.more(v, "/", f, axes, depth)
        return out

    def over(self, v: str, above: Sequence[Term], below: list[Term], axes: Axes, depth: int) -> list[Statement]:
        """above/below, the first quotient in the buffer."""
        a: Term = above[0] if above else ONE
        if not below:
            return [self.first(v, f"np.negative({self.write.text(_body(a), axes)}, out={OUT})", a)] if isinstance(a, Neg) else []
        if self.deep(below[0], axes):
            out = [*self.into(v, below[0], axes, depth), Statement(f"np.divide({self.write.text(a, axes)}, {v}, out={v})", names(a))]
        else:
            out = [self.first(v, f"np.divide({self.write.text(a, axes)}, {self.write.text(below[0], axes)}, out={OUT})", a, below[0])]
        return out + [s for f in below[1:] for s in self.more(v, "/", f, axes, depth)]

    def small(self, sign: int, top: list[Term], bottom: list[Term], axes: Axes) -> tuple[list[Term], list[Term]]:
        """The factors that do not fill the array, above and below, those of like axes multiplied out; scalars go with the smallest."""
        groups = sorted({tuple(a for a in axes if a in free(f)) for f in (*top, *bottom)}, key=lambda g: (len(g), g))
        if len(groups) > 1 and groups[0] == ():
            groups = groups[1:]
        above: list[Term] = []
        below: list[Term] = []
        for k, g in enumerate(groups):
            over, under = ([f for f in side if tuple(a for a in axes if a in free(f)) == g or (k == 0 and not free(f))] for side in (top, bottom))
            if over:
                above.append(quotient(sign if not above else 1, over, under))
            else:
                below.append(mul(*under))
        return above, below

    def power(self, v: str, base: Term, k: int, axes: Axes, depth: int) -> list[Statement]:
        """b², b³, b⁴ by products: a power by an exponent takes far longer."""
        if isinstance(base, Name):
            text = self.write.text(base, axes)
            out = [self.first(v, f"np.multiply({text}, {text}, out={OUT})", base)]
            return out + {2: [], 3: [Statement(f"{v} *= {text}", names(base))], 4: [Statement(f"{v} *= {v}", frozenset())]}[k]
        if k != 3 and self.deep(base, axes):
            return [*self.into(v, base, axes, depth), *[Statement(f"{v} *= {v}", frozenset())] * (k // 2)]
        return []


def tail_of(x: Line) -> Axes:
    """The axes of a line behind the samples."""
    return tuple(axis(a) for a in x.axes[1:])


def _full(t: Term, axes: Axes) -> bool:
    return free(t) == set(axes)


def _body(t: Term) -> Term:
    return t.body if isinstance(t, Neg) else t


def _only_first(symbol: str, found: Sequence[Statement], x: Line) -> bool:
    """Is the symbol's array read by the first statement alone, each number where the result's number goes?"""
    return (
        symbol in found[0].reads and found[0].pure and not any(symbol in s.reads for s in found[1:])
        and all(n.indices == x.axes for n in occurrences(x.value, symbol))
    )  # fmt: skip
