"""Problems stated in text or TOML, held and renamed: what they mean, and what is refused and why."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.forward import Definition, Problem, ProblemError
from symgd.reading import Unread
from symgd.typeset import to_ascii
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


# ---------------------------------------------------------------- in arrays

NETWORK = {"X": "n d", "W1": "d h", "b1": "h", "W2": "h k", "b2": "k", "Y": "n k"}


def lines(p: Problem) -> list[str]:
    return [f"{to_ascii(d.name)} := {to_ascii(d.value)}" for d in p.tape]


def test_a_network_stated_in_arrays_has_its_layers_on_the_tape() -> None:
    p = Problem.from_text(["Y_hat = tanh(X @ W1 + b1) @ W2 + b2"], objective="sum((Y_hat - Y)^2)/n", parameters="W1 b1 W2 b2", shapes=NETWORK)
    assert lines(p) == [
        "z1_ih := sum_j(X_ij*W1_jh) + b1_h",
        "a1_ih := tanh(z1_ih)",
        "Y_hat_ik := sum_h(a1_ih*W2_hk) + b2_k",
        "L := sum_i(sum_k((Y_hat_ik - Y_ik)^2))/n",
    ]
    assert [p.indices for p in p.parameters] == [("j", "h"), ("h",), ("h", "k"), ("k",)]
    assert [x.symbol for x in p.data] == ["X", "Y"]
    assert (p.count, p.sizes) == ((("i", n),), (("i", "n"), ("j", "d"), ("h", "h"), ("k", "k")))


def test_latex_toml_and_a_list_of_shapes_state_the_same_problem() -> None:
    text = "sum((tanh(X @ W1 + b1) @ W2 + b2 - Y)^2)/n"
    p = Problem.from_text(objective=text, parameters="W1", shapes=NETWORK)
    latex = r"\frac{1}{n} \left\| \tanh(\mathbf{X} \mathbf{W}_1 + \mathbf{b}_1) \mathbf{W}_2 + \mathbf{b}_2 - \mathbf{Y} \right\|_F^2"
    assert lines(Problem.from_text(objective=latex, parameters="W1", shapes=NETWORK))[:2] == lines(p)[:2]
    shapes = "\n".join(f"{name} = '{sizes}'" for name, sizes in NETWORK.items())
    assert Problem.from_toml(f"parameters = ['W1']\nobjective = '{text}'\n[shapes]\n{shapes}\n") == p
    assert Problem.from_text(objective=text, parameters="W1", shapes=[f"{name}: {sizes}" for name, sizes in NETWORK.items()]) == p


def test_the_loss_of_one_sample_is_averaged_and_the_objective_is_taken_whole() -> None:
    shapes = {"X": "n d", "w": "d", "y": "n"}
    p = Problem.from_text(["u = X @ w + b - y"], "u^2", "w b", shapes=shapes)
    assert lines(p) == ["u_i := sum_j(X_ij*w_j) + b - y_i", "L := 1/n*sum_i(u_i^2)"]
    assert lines(Problem.from_text(["u_i = X_i @ w + b - y_i"], "u_i^2", "w b", shapes=shapes)) == lines(p)
    assert lines(Problem.from_text(["u = X @ w + b - y"], objective="mean(u^2)", parameters="w b", shapes=shapes)) == lines(p)
    assert lines(Problem.from_text(loss="lam*norm(w)^2", parameters="w", constants={"lam": 1}, shapes=shapes)) == ["L := lam*sum_j(w_j^2)"]


def test_two_columns_side_by_side_in_the_loss_of_one_sample_go_entry_by_entry() -> None:
    shapes = {"X": "n d", "w": "d", "y": "n"}
    for loss in (r"-y \log p - (1 - y) \log(1 - p)", r"-y \cdot \log p - (1 - y) \cdot \log(1 - p)", "-y*log(p) - (1 - y)*log(1 - p)"):
        p = Problem.from_text([r"p = \sigma(X w)"], loss, "w", shapes=shapes)
        assert lines(p)[-1] == "L := 1/n*sum_i(-y_i*log(p_i) - (1 - y_i)*log(1 - p_i))"


def test_the_same_product_inside_several_functions_has_one_name() -> None:
    shapes = {"X": "n d", "w": "d", "y": "n"}
    p = Problem.from_text(objective="-mean(y*log(sigmoid(X @ w)) + (1 - y)*log(1 - sigmoid(X @ w)))", parameters="w", shapes=shapes)
    assert [d.name.symbol for d in p.tape] == ["z1", "L"]


def test_names_made_on_the_way_avoid_those_of_the_writer() -> None:
    p = Problem.from_text(["z1 = X @ w"], objective="sum(tanh(z1) * exp(X @ a1))", parameters="w a1", shapes={"X": "n d", "w": "d", "a1": "d"})
    assert [d.name.symbol for d in p.tape] == ["z1", "z2", "L"]


def test_a_size_that_stands_in_a_formula_is_counted_and_a_name_hides_it() -> None:
    p = Problem.from_text(objective="sum(X)/(n*d)", parameters="X", shapes={"X": "n d"})
    assert p.count == (("i", n), ("j", Name("d")))
    p = Problem.from_text(["h = X @ W"], objective="mean(h)", parameters="W", shapes={"X": "n d", "W": "d h"})
    assert p.count == (("i", n), ("h", Name("n_h")))
    assert derive(p).proved


def test_a_size_that_is_a_number_is_written_as_that_number() -> None:
    p = Problem.from_text(objective="mean(X)", parameters="X", shapes={"X": "n 3"})
    assert lines(p) == ["L := 1/(n*3)*sum_i(sum_h(X_ih))"]
    assert derive(p).proved


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"objective": "sum(X @ v)"}, "X @ v: X is (n × d) and v is (h): the inner sizes d and h differ, at column 9"),
        ({"loss": "(X @ w)*w"}, "(X @ w)*w: X @ w is (n) and w is (d): the sizes n and d differ"),
        ({"loss": "X"}, "the loss of one sample is (n × d), and must be a number: take sum(…, axis=1)"),
        ({"objective": "X @ w"}, "the objective is (n), and must be a number: take sum(…) or mean(…)"),
        ({"let": ["X = w @ w"], "objective": "X"}, "X is defined twice; choose another name"),
        ({"let": ["u_i = w @ w"], "objective": "sum(u)"}, "the index i stands on the left side only"),
        ({"let": ["u = X_i @ w"], "objective": "sum(u)"}, "the index i stands on the right side only"),
        ({"objective": "x @ w"}, "x is neither defined nor declared, and has no shape; the names are X, w, v, b, n, d, h"),
        ({"objective": "sum(X @ b)"}, 'b has no shape: say --shape "b: …"'),
        ({"objective": "norm(w)", "shapes": {"w": "d d d"}}, "w has 3 axes (d × d × d); arrays have one axis or two"),
    ],
)
def test_a_problem_in_arrays_that_makes_no_sense_is_refused(stated: dict[str, object], says: str) -> None:
    with pytest.raises(ProblemError) as caught:
        Problem.from_text(**{"parameters": "w b", "shapes": {"X": "n d", "w": "d", "v": "h"}, **stated})  # type: ignore[arg-type]
    assert says in str(caught.value)


def test_arrays_without_shapes_are_refused_with_what_to_say() -> None:
    with pytest.raises(Unread, match="products of arrays are read where shapes are given"):
        Problem.from_text(loss="(X @ w - y)^2", parameters="w")
    with pytest.raises(ProblemError, match="a shape is a text"):
        Problem.from_toml("parameters = ['w']\nloss = 'w'\n[shapes]\nw = 3\n")


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
