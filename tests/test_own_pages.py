"""Our own pages, given to the check: every line of them is proved, so that none may be called wrong."""

from __future__ import annotations

from functools import cache

import pytest

import symgd
from symgd.document.formats import render
from symgd.handcalc.judge import check

WHOLE_RIGHT = (  # every line given or right, before the closed form
    "line-mse", "line-mae", "line-huber", "line-ridge", "exponential-mse", "logistic-log-loss", "plane-mse", "lasso", "poisson",
    "polynomial-mse",
    "softmax-cross-entropy", "network-1-hidden-mse", "network-2-hidden-softmax",
)  # fmt: skip
NAMED = ("line-huber", "plane-mse", "softmax-cross-entropy", "network-1-hidden-mse", "network-2-hidden-softmax")
IN_MATRICES = ("plane-mse", "ridge", "lasso", "poisson", "hinge", "softmax-cross-entropy", "network-1-hidden-mse")  # the whole page
LATER = ("## The same in", "## Closed form", "## The closed form", "## Curvature")


@cache
def page(name: str) -> str:
    return render(symgd.explain(symgd.derive(symgd.problem(name)), "brief"), "markdown")


def walk(name: str) -> str:
    """The page as far as the gradients."""
    text = page(name)
    return text[: min((at for part in LATER if (at := text.find(part)) > 0), default=len(text))]


@pytest.mark.parametrize("name", WHOLE_RIGHT)
def test_every_line_of_a_derivation_is_given_or_right(name: str) -> None:
    findings = check(walk(name), name="page.md").findings
    assert [(f.line.text, f.verdict, f.says) for f in findings if f.verdict not in ("given", "right")] == []
    assert sum(f.verdict == "right" for f in findings) > 5


@pytest.mark.parametrize("name", NAMED)
def test_it_is_so_too_against_the_problem_that_has_that_name(name: str) -> None:
    findings = check(walk(name), symgd.problem(name), name="page.md").findings
    assert [(f.line.text, f.verdict, f.says) for f in findings if f.verdict not in ("given", "right")] == []


@pytest.mark.parametrize("name", IN_MATRICES)
def test_matrices_later_on_the_page_make_no_line_wrong(name: str) -> None:
    findings = check(page(name), name="page.md").findings
    assert [(f.line.text, f.verdict, f.says) for f in findings if f.verdict in ("wrong", "carried")] == []
    earlier = len(check(walk(name), name="page.md").findings)
    assert {f.verdict for f in findings[:earlier]} <= {"given", "right"}


def test_the_check_is_not_content_with_everything() -> None:
    spoiled = walk("network-1-hidden-mse").replace(r"= \frac{2 u_i}{n} w_{2,h}", r"= \frac{2 u_i}{n} w_{2,h}^2")
    assert spoiled != walk("network-1-hidden-mse")
    assert check(spoiled, name="page.md").first_wrong is not None
