"""Problems stated in text or TOML, held and renamed: what they mean, and what is refused and why."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.forward import Definition, Problem, ProblemError
from symgd.reading import Unread
from symgd.term import ONE, Call, Div, Name, Neg, Num, Sum, Term, mean, mul

i = ("i",)
w, b, n, lam, L = (Name(s) for s in ("w", "b", "n", "lam", "L"))
x, y, u, yh = (Name(s, i) for s in ("x", "y", "u", "y_hat"))
HALF = Num(Fraction(1, 2))


def avg(t: Term) -> Term:
    return mean("i", t, n)


# (what is stated, its objective)
STATED: list[tuple[dict[str, object], Term]] = [
    ({"let": ["y_hat = w*x + b", "u = y_hat - y"], "loss": "u^2", "parameters": "w b"}, avg(u**2)),
    ({"let": ["y_hat := w*x + b"], "loss": "(y_hat - y)^2", "parameters": "w, b", "data": "x,y"}, avg((yh - y) ** 2)),
    ({"loss": "(w x - y)^2", "parameters": ["w"]}, avg((w * x - y) ** 2)),
    ({"loss": r"\frac{1}{2}(w x - y)^2", "parameters": "w"}, avg(Div(ONE, Num(Fraction(2))) * (w * x - y) ** 2)),
    ({"objective": "mean((w*x - y)^2) + lam*w^2", "parameters": "w", "constants": {"lam": 0.1}}, avg((w * x - y) ** 2) + lam * w**2),
    ({"objective": "1/n*sum_i (w*x_i - y_i)^2", "parameters": "w"}, mul(Div(ONE, n), Sum("i", (w * x - y) ** 2))),
    ({"objective": "sum_k (w*x_k - y_k)^2", "parameters": "w"}, Sum("i", (w * x - y) ** 2)),
    ({"objective": "sum(x*w)", "parameters": "w"}, Sum("i", x * w)),
    ({"objective": "(w - 3)^2", "parameters": "w"}, (w - 3) ** 2),
    ({"loss": "(w - 3)^2", "parameters": "w"}, (w - 3) ** 2),
    ({"loss": "max(w x, 0)", "parameters": "w"}, avg(Call("max", (w * x, Num(Fraction(0)))))),
    ({"loss": "w pi x", "parameters": "w"}, avg(mul(w, Name("pi"), x))),
    ({"loss": "-log(sigmoid(w z))", "parameters": "w", "data": "z"}, avg(Neg(Call("log", (Call("sigmoid", (w * Name("z", i),)),))))),
]  # fmt: skip


@pytest.mark.parametrize(("stated", "objective"), STATED)
def test_a_problem_stated_in_text_has_the_objective_that_is_meant(stated: dict[str, object], objective: Term) -> None:
    p = Problem.from_text(**stated)  # type: ignore[arg-type]
    assert p.tape[-1].value == objective
    assert p.objective == L


@pytest.mark.parametrize("stated", [s for s, _ in STATED])
def test_a_problem_stated_in_text_is_derived_and_proved(stated: dict[str, object]) -> None:
    assert derive(Problem.from_text(**stated)).proved  # type: ignore[arg-type]


def test_the_line_stated_in_text_is_the_line_of_the_catalogue() -> None:
    line, stated = problem("line-mse"), Problem.from_text(let=["y_hat = w*x + b", "u = y_hat - y"], loss="u^2", parameters="w b")
    assert (stated.parameters, stated.data, stated.count) == (line.parameters, line.data, line.count)
    assert [(d.name, d.value) for d in stated.tape] == [(d.name, d.value) for d in line.tape]
    assert [d.result for d in derive(stated).tape] == [d.result for d in derive(line).tape]


def test_a_name_made_of_a_mean_carries_no_index_and_the_problem_is_proved() -> None:
    p = Problem.from_text(let=["m = mean(x)", "u = w*(x - m) - y"], loss="u^2", parameters="w")
    assert p.tape[0] == Definition(Name("m"), avg(x))
    assert p.tape[1].name == u
    assert derive(p).proved


def test_only_the_data_that_are_used_are_asked_for() -> None:
    assert Problem.from_text(loss="(b - y)^2", parameters="b").data == (y,)
    assert Problem.from_text(loss="w*z", parameters="w", data="z x").data == (Name("z", i),)


@pytest.mark.parametrize(
    ("parameters", "objective"), [("w", "L"), ("L", "J"), ("L J", "L1"), ("L J L1", "L2")]
)  # fmt: skip
def test_the_objective_takes_a_letter_that_is_free(parameters: str, objective: str) -> None:
    assert Problem.from_text(loss="x*" + "*".join(parameters.split()), parameters=parameters).objective == Name(objective)


@pytest.mark.parametrize(
    ("value", "exact"),
    [(0.1, Fraction(1, 10)), ("1/3", Fraction(1, 3)), (2, Fraction(2)), (Fraction(5, 7), Fraction(5, 7)), ("1e-3", Fraction(1, 1000))],
)  # fmt: skip
def test_a_constant_is_the_number_that_was_written(value: Fraction | int | float | str, exact: Fraction) -> None:
    assert Problem.from_text(loss="w*c*x", parameters="w", constants={"c": value}).constants == ((Name("c"), exact),)


GOOD = {"loss": "w*x", "parameters": "w"}
# (what is stated, the kind of error, a part of its message)
BAD: list[tuple[dict[str, object], type[ValueError], str]] = [
    ({"loss": "", "objective": ""}, ProblemError, "state either loss (of one sample) or objective"),
    ({"objective": "w"}, ProblemError, "state either loss (of one sample) or objective"),
    ({"parameters": ""}, ProblemError, "no parameters: name what to differentiate by"),
    ({"loss": "w*q"}, ProblemError, "q in 'w*q' is neither defined nor declared; the names are w, n"),
    ({"let": ["u = v*w", "v = w"], "loss": "u"}, ProblemError, "v in 'u = v*w' is neither defined nor declared"),
    ({"let": ["u = u*w"], "loss": "u"}, ProblemError, "u in 'u = u*w' is neither defined nor declared"),
    ({"let": ["w = 2"]}, ProblemError, "w is defined twice; choose another name in 'w = 2'"),
    ({"let": ["u = w", "u = 2*w"], "loss": "u"}, ProblemError, "u is defined twice"),
    ({"parameters": "w w"}, ProblemError, "w is declared twice"),
    ({"constants": {"w": 1}}, ProblemError, "w is declared twice"),
    ({"parameters": "n"}, ProblemError, "n is the number of samples"),
    ({"parameters": "import"}, ProblemError, "'import' cannot be a name: that word is reserved by Python"),
    ({"parameters": "__import__"}, ProblemError, "'__import__' cannot be a name"),
    ({"parameters": ["w", ""]}, ProblemError, "'' cannot be a name"),
    ({"data": "x.y"}, ProblemError, "'x.y' cannot be a name"),
    ({"objective": "(w*x - y)^2", "loss": ""}, ProblemError, "has a value for each sample; take the mean(…) or the sum(…) of it"),
    ({"loss": "w_i*x_i"}, ProblemError, "w has one value for all samples: it carries no index, in 'w_i*x_i'"),
    ({"loss": "w*x_ij"}, ProblemError, "x carries one index, in 'w*x_ij'"),
    ({"constants": {"c": float("nan")}}, ProblemError, "the constant c has the value nan, which is no number"),
    ({"constants": {"c": "1/0"}}, ProblemError, "the constant c has the value '1/0', which is no number"),
    ({"constants": {"c": "exit()"}}, ProblemError, "the constant c has the value 'exit()', which is no number"),
    ({"constants": {"c": "1e400000000"}}, ProblemError, "the constant c is too long or too far from 1"),
    ({"constants": {"c": "9" * 5000}}, ProblemError, "the constant c is too long or too far from 1"),
    ({"loss": "foo(x)*w"}, Unread, "foo is not a function that is known here"),
    ({"let": ["u"]}, Unread, "the sign = of the definition is missing"),
    ({"let": ["3 = w"]}, Unread, "the left side of a definition is a name"),
    ({"let": ["u v = w"]}, Unread, "the left side of a definition is a name"),
    ({"loss": "(w*x"}, Unread, "the bracket is never closed"),
    ({"loss": "__import__('os').system('x')"}, Unread, "error[unread]"),
    ({"loss": "w.__class__"}, Unread, "error[unread]"),
    ({"loss": "[w for w in x]"}, Unread, "error[unread]"),
    ({"loss": "w*9**9**9**9"}, Unread, "4,096 bits"),
    ({"loss": "(" * 10_000 + "w" + ")" * 10_000}, Unread, "at most 10,000 characters"),
    ({"loss": "(" * 100 + "w" + ")" * 100}, Unread, "error[unread]"),
    ({"loss": "w;x"}, Unread, "error[unread]"),
    ({"loss": "w\x00"}, Unread, "error[unread]"),
]  # fmt: skip


@pytest.mark.parametrize(("stated", "kind", "says"), BAD)
def test_a_statement_that_makes_no_sense_or_is_hostile_is_refused_at_once_and_says_what(stated: dict[str, object], kind: type[ValueError], says: str) -> None:
    began = time.process_time()
    with pytest.raises(kind) as caught:
        Problem.from_text(**{**GOOD, **stated})  # type: ignore[arg-type]
    assert says in str(caught.value)
    assert time.process_time() - began < 1


def test_a_problem_stated_in_toml_is_that_of_the_same_text() -> None:
    text = 'title = "Line"\nparameters = ["w", "b"]\ndata = ["x", "y"]\nlet = ["y_hat = w*x + b", "u = y_hat - y"]\nloss = "u^2 + c"\n[constants]\nc = 0.5\n'
    p = Problem.from_toml(text)
    assert p == Problem.from_text(["y_hat = w*x + b", "u = y_hat - y"], "u^2 + c", "w b", "x y", constants={"c": Fraction(1, 2)}, title="Line")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("parameters = ['w'", "this is no TOML"), ("parameters = 'w'\nloss = 'w'", "the key 'parameters' must be a list of texts"),
        ("parameters = ['w']\nloss = 3", "the key 'loss' must be a text"), ("parameters = ['w']\nloss = 'w*x'\nlearn = 1", "unknown key 'learn'; the keys are"),
        ("parameters = [1]\nloss = 'w'", "the key 'parameters' must be a list of texts"), ("constants = 1\nloss = 'w'\nparameters = ['w']", "must be a table"),
        ("parameters = ['w']\nloss = 'w*x*c'\n[constants]\nc = true", "the constant c has the value True, which is no number"),
        ("parameters = ['w']\nloss = 'w*x*c'\n[constants]\nc = [1]", "which is no number"), ("", "state either loss"),
        ("parameters = ['w']\nloss = 'w*x*c'\n[constants]\nc = 1979-05-27", "which is no number"),
    ],
)  # fmt: skip
def test_toml_that_states_no_problem_is_refused(text: str, says: str) -> None:
    with pytest.raises(ProblemError) as caught:
        Problem.from_toml(text)
    assert says in str(caught.value)


# ---------------------------------------------------------------- hold, renamed


def test_a_parameter_held_constant_becomes_a_constant_with_that_value() -> None:
    p = problem("line-mse").hold({"b": Fraction(1, 2)})
    assert p.parameters == (w,)
    assert p.constants == ((b, Fraction(1, 2)),)
    assert p.tape == problem("line-mse").tape


@pytest.mark.parametrize(
    ("values", "says"), [({"q": Fraction(1)}, "q is no parameter; the parameters are b, w"),
     ({"w": Fraction(1), "b": Fraction(0)}, "every parameter is held constant")],
)  # fmt: skip
def test_holding_what_is_no_parameter_or_all_of_them_is_refused(values: dict[str, Fraction], says: str) -> None:
    with pytest.raises(ProblemError, match=says):
        problem("line-mse").hold(values)


def test_renamed_letters_are_renamed_everywhere_and_back_again() -> None:
    p = problem("line-ridge")
    there = {"w": "m", "b": "c", "lam": "alpha", "n": "N", "u": "r", "L": "J"}
    q = p.renamed(there)
    assert (q.parameters, q.objective, q.count, q.constants) == ((Name("m"), Name("c")), Name("J"), (("i", Name("N")),), ((Name("alpha"), Fraction(1, 10)),))
    assert [s for s, _ in q.roles] == ["m", "c", "x", "y", "N", "alpha"]
    assert q.renamed({v: k for k, v in there.items()}) == p
    assert p.renamed({"w": "b", "b": "w"}).parameters == (b, w)


@pytest.mark.parametrize(
    ("letters", "says"), [({"w": "b"}, "the name b is taken"), ({"w": "1"}, "'1' cannot be a name"), ({"w": "lambda x"}, "cannot be a name"),
                          ({"w": "s", "b": "s"}, "the name s is taken"), ({"q": "s"}, "q is no name of the problem; the names are w, b,")],
)  # fmt: skip
def test_a_renaming_that_joins_two_names_or_knows_none_is_refused(letters: dict[str, str], says: str) -> None:
    with pytest.raises(ProblemError, match=says):
        problem("line-mse").renamed(letters)


def test_what_the_objective_is_made_of_is_known() -> None:
    assert problem("line-mse").needed() == {"L", "u", "y_hat", "w", "b", "x", "y", "n"}
    assert problem("line-mse").definition("u") == Definition(u, yh - y, "the residual")
    assert problem("line-mse").definition("w") is None
