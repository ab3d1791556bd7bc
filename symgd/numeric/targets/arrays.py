"""A plan → lines over whole arrays, in the words of a library that has NumPy's operators: what JAX and PyTorch share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symgd.indices import axis, free
from symgd.numeric.program.aligned import SIZE, Writer
from symgd.numeric.program.line import Line, NotSupported
from symgd.numeric.program.plan import Plan
from symgd.numeric.targets.scalar import bare
from symgd.numeric.targets.told import commented, given, indented, named, signature, story, why
from symgd.term import Match, Sum, subterms

__all__ = ["Library", "module"]


@dataclass(frozen=True)
class Library:
    """How a library says what NumPy says.

    target  its name
    head    its imports
    words   NumPy's word → its own: {"maximum": "jnp.maximum"}
    own     a word of `words` that is a function of the module itself → its text, written where it is used
    spread  a value, {0}, repeated to the shape of an array, {1}
    edits   (pattern, replacement): what is no word, as a method of arrays; LIKE in one stands for an array that was given, whose type and place it takes
    """

    target: str
    head: str
    words: Mapping[str, str]
    own: Mapping[str, str]
    spread: str
    edits: Sequence[tuple[str, str]] = ()
    taken: tuple[str, ...] = field(default=())


def module(p: Plan, library: Library, says: str) -> str:
    """The text of a module: its docstring ends with `says`; loss, gradient and loss_and_gradient of whole arrays."""
    ids = named(p, (*library.taken, *library.own))
    derivatives = f"({', '.join(ids[r] for r in p.results[1:])}{',' * (len(p.results) == 2)})"
    alone = derivatives[1:-1] if len(p.results) > 2 else derivatives
    functions = [
        _function("loss", "The loss.", p, ids, library, p.results[:1], ids[p.results[0]]),
        _function("gradient", "Its derivatives, in the order of the parameters.", p, ids, library, p.results[1:], alone),
        _function("loss_and_gradient", "The loss and its derivatives.", p, ids, library, p.results, f"{ids[p.results[0]]}, {derivatives}"),
    ]
    own = [text.lstrip("\n") for word, text in library.own.items() if any(re.search(rf"(?<![\w.]){word}\(", f) for f in functions)]
    head = library.head if any("math." in f for f in (*functions, *own)) else library.head.replace("import math\n\n", "")
    return "\n\n".join([f'"""{story(p)}\n\n{says}\n"""\n\n{head}', *own, *functions])


def _function(name: str, about: str, p: Plan, ids: dict[str, str], library: Library, results: Sequence[str], outcome: str) -> str:
    write = Writer(ids, p.samples)
    like = next((ids[x.symbol] for x in (*p.problem.data, *p.problem.parameters) if x.indices), ids[p.parameters[0]])
    body = [commented(f"{ids[x.symbol]} = {bare(_translated(_value(x, p, write, library), library, like))}", why(x, p)) for x in p.needed(results)]
    used = "\n".join(body)
    sizes: dict[str, str] = {}
    for x in sorted(given(p), key=lambda x: x in p.problem.parameters):
        for k, a in enumerate(x.indices):
            if re.search(rf"(?<![\w.]){re.escape(ids[SIZE + axis(a)])}(?!\w)", used):
                sizes.setdefault(ids[SIZE + axis(a)], f"{ids[SIZE + axis(a)]} = {ids[x.symbol]}.shape[{k}]")
    lines = indented([f'"""{about}"""', *sizes.values(), *body, f"return {outcome}"])
    return "\n".join([f"def {name}({signature(p, ids)}):", *lines, ""])


def _value(x: Line, p: Plan, write: Writer, library: Library) -> str:
    """A line as one expression; a derivative that is the same for every entry of its parameter is repeated."""
    value = x.value
    if x.kind == "sum":
        (index,) = (a for a in free(x.value) - set(x.axes) if axis(a) == p.samples)
        value = Sum(index, value)
    if x.symbol in p.results[1:]:
        parameter = p.problem.parameters[p.results.index(x.symbol) - 1]
        if x.axes != parameter.indices and not any(isinstance(s, Match) for s in subterms(value)):
            return library.spread.format(write.text(value, parameter.indices), write.ids[parameter.symbol])
    return write.text(value, x.axes)


def _translated(text: str, library: Library, like: str) -> str:
    """NumPy's text in the library's words.  Raises NotSupported for a word that it has not."""
    for pattern, instead in library.edits:
        text = re.sub(pattern, instead.replace("LIKE", like), text)

    def word(found: re.Match[str]) -> str:
        if found[1] not in library.words:
            raise NotSupported(f"the target {library.target} has no {found[1]}")
        return library.words[found[1]]

    text = re.sub(r"(?<![\w.])np\.([\w.]+)", word, text)
    return re.sub(r"(?<![\w.])erf\(", f"{library.words['erf']}(", text)
