"""`python -m tests.benchmarks.workings [right] [slipped] [round] [mutated] [--all] [--few]`: how well workings made by chance are judged.

right    1,000 right lines, in random hands: none may be called wrong
slipped  1,000 lines with one slip: ≥ 99.5 % called wrong (or convention, where a constant factor is all), ≥ 90 % with the slip's name first; where
         several slips make the very same line, each of their names is right
round    10,000 random expressions as LaTeX and as ASCII: each is read back as it was written
mutated  50,000 texts with characters changed: none crashes the reader, the slowest takes ≤ 100 ms

--few takes a hundredth of each; --all shows every miss, else the first ten.  Exit status 1 where a target is missed.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from symgd.handcalc.judge import check
from symgd.handcalc.lines import read_rows
from symgd.handcalc.sources import written
from symgd.handcalc.verdict import Finding
from symgd.reading import Unread
from tests.corpus import load
from tests.workings import Working, right_workings, slipped_workings

BAD = ("wrong", "carried")
BLANKS = str.maketrans("", "", " &\n")


def finding(w: Working) -> Finding | None:
    """What is said of the line in question; None where it was not found."""
    wanted = w.line.translate(BLANKS)
    return next((f for f in reversed(check(w.text).findings) if f.line.text.translate(BLANKS).rstrip("\\,.") == wanted), None)


def right(many: int, show: int) -> bool:
    """Right lines: how many are called wrong, how many were not decided."""
    verdicts: Counter[str] = Counter()
    for w in right_workings(1):
        for f in check(w.text).findings:
            verdicts[f.verdict] += 1
            if f.verdict not in ("right", "given", "convention", "notation") and show > 0:
                show -= 1
                print(f"{f.verdict}: {f.line.text}\n    {f.says}\n    in {w.text!r}")
        if verdicts.total() - verdicts["given"] >= many:
            break
    print(f"right: {verdicts.total() - verdicts['given']} lines besides definitions · " + " · ".join(f"{v} {k}" for v, k in verdicts.most_common()))
    return not any(verdicts[v] for v in BAD)


def slipped(many: int, show: int) -> bool:
    """Lines with one slip: how many are called wrong, and how many with the slip's name first."""
    called = first = strict = named = convention = 0
    missed: Counter[str] = Counter()
    for w in islice(slipped_workings(2), many):
        f = finding(w)
        verdict = f.verdict if f else "not found"
        fair = verdict == "wrong" or (verdict == "convention" and w.factor) or (verdict in ("convention", "notation") and "sum-dropped" in w.same)
        called += fair
        convention += fair and verdict != "wrong"
        says = [s.name for s in f.slips] if f else []
        hit = bool(says) and says[0] in w.same
        first += verdict == "wrong" and hit
        strict += verdict == "wrong" and says[:1] == [w.slip]
        named += verdict == "wrong" and bool(w.same & {*says})
        if not fair or (verdict == "wrong" and not hit):
            missed[f"{w.slip} ({w.made}): {says[0] if says else 'none'}" if fair else f"{w.slip} ({w.made}) called {verdict}"] += 1
            if show > 0:
                show -= 1
                print(f"{verdict}: {w.slip} ({w.made}) made, {', '.join(says) or 'none'} named\n    {w.line}\n    in {w.text!r}")
    for what, k in missed.most_common(25):
        print(f"{k:4} {what}")
    wrong = called - convention
    print(
        f"slipped: {many} lines · called wrong {100 * called / many:.1f} % ({convention} of them convention or notation) · "
        f"slip first {100 * first / max(1, wrong):.1f} % (the one that was made, of several that make the line: {100 * strict / max(1, wrong):.1f} %) · "
        f"slip named {100 * named / max(1, wrong):.1f} %"
    )
    return called >= 0.995 * many and first >= 0.9 * wrong


def round_trips(many: int, show: int) -> bool:
    """Random expressions, printed and read back."""
    from hypothesis import HealthCheck, given, settings

    from symgd.reading import read
    from symgd.term import Term, names
    from symgd.typeset import to_ascii, to_latex
    from symgd.typeset.layout import layout
    from tests.test_reading import TERMS, normal

    lost: list[str] = []
    beyond: list[str] = []  # what the limits refuse however it is written: 12^12^12

    @settings(max_examples=many, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(TERMS)
    def trip(t: Term) -> None:
        for syntax, text in (("latex", to_latex(layout(t))), ("ascii", to_ascii(t))):
            try:
                if normal(read(text, syntax, declared=names(t))) != normal(t):  # type: ignore[arg-type]
                    lost.append(text)
            except Unread as refused:
                (beyond if "bits" in refused.message or "degree" in refused.message else lost).append(text)

    trip()
    for text in lost[:show]:
        print(f"read otherwise: {text}")
    print(f"round: {many} expressions, LaTeX and ASCII · {len(lost)} read otherwise, {len(beyond)} beyond the limits")
    return not lost


def mutants(seed: int) -> Iterator[str]:
    """Texts of the corpus with characters taken out, put in, doubled or exchanged."""
    dice = random.Random(seed)
    texts = [r.text for r in load()]
    marks = "\\{}[]()^_&$=+-*/|,.;:'!<>~%#@\"`0123456789abwxyzLΣ∂ŷᵀ²√≈→ \n"
    while True:
        text = list(dice.choice(texts))
        for _ in range(dice.randint(1, 6)):
            k = dice.randrange(len(text)) if text else 0
            match dice.randrange(4):
                case 0:
                    del text[k : k + dice.randint(1, 4)]
                case 1:
                    text.insert(k, dice.choice(marks))
                case 2:
                    text[k:k] = text[k : k + dice.randint(1, 12)]
                case _:
                    text[k : k + 1] = dice.choice(marks)
        yield "".join(text)


def mutated(many: int, show: int) -> bool:
    """Mutated texts, read; every fiftieth judged, too."""
    slowest, crashed = 0.0, 0
    for k, text in enumerate(islice(mutants(3), many)):
        start = time.perf_counter()
        try:
            rows = read_rows(written(text))
            slowest = max(slowest, (time.perf_counter() - start) / max(1, len(rows)))
            if k % 50 == 0:
                check(text)
        except Unread:  # an answer: no notebook
            pass
        except Exception as error:
            crashed += 1
            if crashed <= show:
                print(f"{type(error).__name__}: {error} in {text!r}")
    print(f"mutated: {many} texts · {crashed} crashed · slowest line {1000 * slowest:.0f} ms")
    return not crashed and slowest <= 0.1


TABLES: dict[str, tuple[Callable[[int, int], bool], int]] = {
    "right": (right, 1000), "slipped": (slipped, 1000), "round": (round_trips, 10_000), "mutated": (mutated, 50_000),
}  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Runs the tables named (all, where none is)."""
    show = 10**6 if "--all" in words else 10
    held = [TABLES[w][0](TABLES[w][1] // (100 if "--few" in words else 1), show) for w in [w for w in words if w in TABLES] or TABLES]
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
