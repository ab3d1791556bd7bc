"""Why a line may be rewritten: the rules by name.  `calculus`, `sums` move one step; `arithmetic` and `closing` tidy up."""

from symgd.rules import arithmetic, closing, spreading
from symgd.rules.calculus import CALCULUS
from symgd.rules.linear import INVERSES, LINEAR
from symgd.rules.sums import INDICES, SUMS
from symgd.language import FUNCTIONS
from symgd.rules.table import NoRule
from symgd.term import Call, D, Name, Term

__all__ = ["CALCULUS", "INDICES", "INVERSES", "LAWS", "LINEAR", "SUMS", "NoRule", "law_of"]

# name of a move → (its law, one sentence of reason); those of the tables and those of the walk backwards
LAWS: dict[str, tuple[str, str]] = {name: (r.law, r.reason) for table in (CALCULUS, SUMS, LINEAR, INDICES, INVERSES) for name, r in table.items()} | {
    "definition": ("a name stands for its definition", "The derivative is taken of what the name was defined as; every other name in it is held fixed."),
    "chain rule through names": (
        "∂L/∂v = Σ ∂L/∂c · ∂c/∂v over every c that uses v",
        "A change reaches the loss only through the quantities that use it: multiply along each path and add the paths.",
    ),
    "insert": ("equals for equals", "The derivatives found before are put in."),
    "call by name": ("a value that has a name is called by it", "The expression was named on the way; its name is shorter."),
    "arithmetic": (arithmetic.LAW, "Only arithmetic: nothing is multiplied out."),
    "sums apart": (spreading.LAW, "Each product of the product rule gets a sum of its own."),
    "closing algebra": (closing.LAW, "The line becomes shorter when like things are put together."),
    "count": ("Σᵢ c = n c", "A constant summed over all n samples is n times the constant."),
    "split the sum": ("Σ (f + g) = Σ f + Σ g and Σ c f = c Σ f", "The sum is split, the parameters come out, and the sums over data alone get names."),
    "solve": (
        "a p + c = 0 ⟺ p = −c/a where a ≠ 0; for a vector A p = c ⟺ p = A⁻¹ c where det A ≠ 0",
        "The equation is linear in the parameter; divide by its factor, or multiply by the inverse of its matrix.",
    ),
    "variance": (
        "Σ p s² − (Σ p s)² = Σ p (s − s̄)², with s̄ := Σ p s and Σ p = 1",
        "The mean of the squares without the square of the mean is how far s spreads.",
    ),
    "substitute": ("equals for equals", "The parameter found before is put in; one unknown is left."),
    "collect": ("like things together", "What belongs to the feature and what belongs to the target are put together."),
    "centre": ("Σ rᵢ x̄ = x̄ Σ rᵢ = 0", "The residuals add up to 0 (that was the first equation), so taking away the mean changes nothing."),
    "name the sums": ("Sxx := Σ (xᵢ − x̄)², Sxy := Σ (xᵢ − x̄)(yᵢ − ȳ)", "Both are sums over data alone."),
    "test the solution": ("gradient = 0 there", "Put into the gradient, the solution must make it vanish."),
    "put back": ("a name stands for its definition", "The substitution is undone: the definition is put back for the name."),
}


def law_of(rule: str, about: Term) -> tuple[str, str]:
    """(law, reason) of a move on `about`: the chain rule through a function names that function's own derivative."""
    law, reason = LAWS[rule]
    match about:
        case D(Call(f, _), _, _) if rule == "chain rule" and f in FUNCTIONS:
            law = FUNCTIONS[f].law
        case D(Name(_, indices), Name(_, others), _) if rule == "identity" and indices == others:
            law = "du/du = 1"
    return law, reason
