"""Somebody's working → a verdict on every line, against the writer's own definitions or a reference.

`check("dL/dw = (2/n) Σ x(ŷ − y)")`.  Each further member of a = b = c is judged against the one before, and against the left side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symgd.forward import Problem
from symgd.handcalc.applied import OPAQUE
from symgd.handcalc.assume import complete
from symgd.handcalc.claims import Judged
from symgd.handcalc.defining import collect, plain_setting, with_definitions
from symgd.handcalc.facts import gather
from symgd.handcalc.figures import is_figure
from symgd.handcalc.hand import printed
from symgd.handcalc.lines import read_rows
from symgd.handcalc.reference import second_names, taken_over, with_problem
from symgd.handcalc.roles import infer
from symgd.handcalc.symmetry import in_words
from symgd.handcalc.twins import with_twins
from symgd.handcalc.verdict import Finding, StepVerdict, Verdict, Written, worst
from symgd.handcalc.working import Step, Working
from symgd.reading import Unread
from symgd.term import D, Name, Term, names, subterms

__all__ = ["check", "check_lines", "judging"]

_BEGINS = re.compile(r"[^\s&={][^=]*=")  # a left side of its own


def check(text: str, problem: Problem | None = None, let: Sequence[str] = (), name: str = "") -> Verdict:
    """The verdict on every displayed line of the text: LaTeX, Markdown or plain.

    problem  what is judged against, instead of what the writer states
    let      definitions that complete what the writer states: "y_hat = w*x + b"
    name     the file's name, which may tell how to read it

    Raises Unread for a notebook that is none, and beyond 5 MB.
    """
    from symgd.handcalc.sources import written

    return check_lines(written(text, name), problem, let)


def check_lines(lines: Sequence[Written], problem: Problem | None = None, let: Sequence[str] = ()) -> Verdict:
    """The verdict on these lines."""
    *_, verdict = judging(lines, problem, let)
    assert isinstance(verdict, Verdict)
    return verdict


def judging(lines: Sequence[Written], problem: Problem | None = None, let: Sequence[str] = ()) -> Iterator[Finding | Verdict]:
    """One finding a line as soon as it is known, and last the verdict."""
    stated = [Written(0, 0, 0, text, "ascii") for text in let]
    rows = read_rows([*stated, *lines])
    numbered = [(r.written.number, s) for r in rows for s in r.said]
    facts = gather(s for _, s in numbered)
    facts.symmetric = in_words(w.before for w in lines)
    roles = infer(facts, *taken_over(problem, facts))
    if problem is not None:
        roles = second_names(roles, problem, facts)
    found = collect(numbered, facts, roles)
    setting = plain_setting(facts, roles, found)
    if problem is not None:
        setting = with_problem(setting, problem)
    setting = complete(with_twins(with_definitions(setting, found), facts), numbered, facts)
    working = Working(setting, facts, found)
    findings = []
    for k, row in enumerate(rows[len(stated) :], len(stated) + 1):
        goes_on = any(r.said and r.said[0].continues for r in rows[k : k + 1])
        if row.unread and _BEGINS.match(row.written.text):
            working.chain = None  # what follows goes on from a side that was not read
        findings.append(_unread(row.written, row.unread) if row.unread else _summed_up(row.written, working.steps(row, goes_on)))
        yield findings[-1]
    yield Verdict(problem.name or None if problem else None, working.definitions(), working.assumed(), tuple(findings))


def _unread(w: Written, u: Unread) -> Finding:
    says = u.message + (f"; {u.hint}" if u.hint else "")
    return Finding(w, "unread", says, steps=(StepVerdict(w.text[u.start : u.end], "unread", u.message, u.start, u.end),))


def _summed_up(written: Written, steps: list[Step]) -> Finding:
    """The line's verdict is its worst member's; a definition that is only rewritten stays given."""
    verdicts = tuple(s.judged.verdict for s in steps) or ("given",)
    verdict = worst(verdicts)
    own = [s for s in steps if s.left == steps[0].left]
    only_rewritten = all(s in own or s.judged.verdict == "given" for s in steps)
    if verdict == "right" and verdicts[0] == "given" and only_rewritten and not any(s.right is not None and _is_result(s.right) for s in steps):
        verdict = "given"
    those = [s for s in steps if s.judged.verdict == verdict]
    main = min(those, key=lambda s: s.far) if those else Step(Judged(verdict, "stated; nothing to judge"))
    j = main.judged
    numbers = (*j.check.witness, ("left", j.check.values[0]), ("right", j.check.values[1])) if j.check is not None and j.check.values else None
    expected = _expected(written, main) if verdict == "wrong" else None
    shown = tuple(StepVerdict(written.text[slice(*s.place)], s.judged.verdict, s.judged.says, *s.place) for s in steps)
    return Finding(written, verdict, j.says, main.slips if verdict == "wrong" else (), j.factor if verdict == "convention" else None, expected, numbers, shown)


def _is_result(t: Term) -> bool:
    """A number, or a derivative that the next member works out."""
    return is_figure(t) or isinstance(t, D)


def _expected(written: Written, step: Step) -> str | None:
    """The corrected line: the left side as written, the right result."""
    sign = f" {step.sign} " if step.left else "= "
    if step.number:
        return f"{step.left}{sign}{step.number}"
    if step.meant is None or any(s.startswith(OPAQUE) for s in names(step.meant)):
        return None
    bare = not any(isinstance(s, Name) and s.indices for s in subterms(step.right)) if step.right is not None else False
    return f"{step.left}{sign}{printed(step.meant, written.syntax, written.text, bare)}"
