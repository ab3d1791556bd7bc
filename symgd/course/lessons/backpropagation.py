"""Back-propagation: the chain rule from the loss back to the first layer of a network, every sensitivity found once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symgd.course.exercise import Exercise
from symgd.course.lesson import Course, Lesson
from symgd.course.network import WEIGHTS, Network, bands, derived, linear, products
from symgd.course.proved import proved
from symgd.course.runs import figure
from symgd.course.trial import Trial, agreeing, cells, exact, table, trial
from symgd.derivation import Gradient
from symgd.document.page import Block, Inline, Mono, Prose
from symgd.exposition.layers import layers_of
from symgd.exposition.network import back_propagation
from symgd.exposition.notations import notations
from symgd.exposition.vanishing import slopes, vanishing
from symgd.exposition.writing import Writing
from symgd.pictures import Drawing, chain_of_names, fading_sensitivities, flow_of_sensitivities, to_blocks
from symgd.pictures.lettering import count
from symgd.term import ONE, TWO, Call, D, Name, Neg, add, mul

__all__ = ["BACKPROPAGATION"]

STEP = 1e-5  # of the differences
WIDE, DEEP = 10, 4  # units in a layer, and hidden layers, where work is counted
STATED, KEY = ("a = tanh(z)",), "da/dz = 1 - a^2"
TIMES = 2  # the first weight of the network without bends


def _write(c: Course, w: Writing) -> None:
    g, net, t = derived(c), Network.on(c), trial(c.example)
    layers = layers_of(g.problem)
    _network(c, w, g)
    back_propagation(w, g, layers, _flow(c, g))
    notations(w, g, layers)
    _one(c, w, g, net, t)
    _checked(c, w, g, net)
    w.called, w.kept = {}, frozenset()
    _work(c, w)
    _collapsed(c, w, t)
    vanishing(w, layers, to_blocks(fading_sensitivities(slopes(), prefix="backpropagation-fading"))[:1])
    _here(c, w, net)
    w.head("What follows")
    w.say("That is all that a network adds: more names on the way, and the same rule for each. The ", c.to("slides", "last page"),
          " lists what this course has put right.")


def _network(c: Course, w: Writing, g: Gradient) -> None:
    p = g.problem
    w.head("A network with one hidden layer")
    w.say("A line bends nowhere. A network puts units between the feature and the prediction: each makes a sum of its own and bends it with tanh. The "
          "weights of the "
          "first layer stand far from the loss. How do they affect it?")  # fmt: skip
    w.chain(tuple(w.line(d.name, d.value, ":=", (d.says,), w.number(d.name)) for d in p.tape))
    first = p.parameters[0]
    w.say("Here ", w.formula(Name("h")), " counts the units and ", w.formula(Name("j")), " the features. Our data have one feature, so ",
          w.formula(next(d for d in p.data if len(d.indices) == 2)), " has one column, and ", w.formula(first), " is one number for each unit.")  # fmt: skip


def _flow(c: Course, g: Gradient) -> tuple[Block, ...]:
    return to_blocks(flow_of_sensitivities(bands(c, g), prefix="backpropagation-flow"))[:1]


# ---------------------------------------------------------------- one sample


def _one(c: Course, w: Writing, g: Gradient, net: Network, t: Trial) -> None:
    """Forward and back with numbers, for row i alone."""
    p, i = g.problem, t.i
    z, a, y_hat, u = (d.name for d in p.tape[:4])
    W1, b1, w2, b2 = p.parameters
    V1, c1, v2, c2 = WEIGHTS
    e = c.example
    w.head("One sample, forward and back")
    w.say("Feature and target are measured from their means in standard deviations, so that tanh is not driven to its ends. Row ", count(i + 1),
          " of the data, ",
          f"{e.feature} = ", figure(float(e.x[i]), t.digits[0]), f" and {e.target} = ", figure(float(e.y[i]), t.digits[1]), ", becomes ",
          figure(float(net.x[i]), 5), " and ",
          figure(float(net.t[i]), 5), ". The weights are a choice. Forward, for two units:")  # fmt: skip
    units: list[tuple[Inline, Sequence[str]]] = [
        ((w.formula(W1),), [exact(v) for v in V1]), ((w.formula(b1),), [exact(v) for v in c1]), ((w.formula(z),), cells(net.z[i], 5, 1)),
        ((w.formula(a),), cells(net.a[i], 5, 1)), ((w.formula(w2),), [exact(v) for v in v2]),
    ]  # fmt: skip
    table(w, [("value",), ("unit 1",), ("unit 2",)], [[name, *values] for name, values in units])
    w.say("Both outputs, weighed and added to ", w.formula(b2), " = ", exact(c2), ", are the prediction ", w.formula(y_hat), " = ",
          figure(float(net.t[i] + net.u[i]), 5),
          "; the residual is ", w.formula(u), " = ", figure(float(net.u[i]), 5), ".")  # fmt: skip
    d2, d1 = float(net.delta2()[i]), net.delta1()[i]
    w.say("Back, for this row alone, so with ", w.formula(c.n), " = 1: ", w.formula(D(p.objective, y_hat)), " = ", figure(d2, 5),
          ", and from it, without another look at the loss:")  # fmt: skip
    L = p.objective
    slope = 1 - net.a[i] ** 2
    back: list[tuple[Inline, Sequence[str]]] = [
        ((w.formula(D(L, a)),), cells([d2 * float(v) for v in v2], 5)), ((w.formula(D(a, z, True)),), cells([*map(float, slope)], 5)),
        ((w.formula(D(L, z)),), cells(d1, 5)), ((w.formula(D(L, W1)),), cells(d1 * net.x[i], 5)), ((w.formula(D(L, b1)),), cells(d1, 5)),
        ((w.formula(D(L, w2)),), cells(d2 * net.a[i], 5)),
    ]  # fmt: skip
    table(w, [("derivative",), ("unit 1",), ("unit 2",)], [[name, *values] for name, values in back])
    w.say("and ", w.formula(D(L, b2)), " = ", figure(d2, 5), ". The number ", w.formula(D(L, z)),
          " is used twice, for the weight and for the bias of its unit; ", w.formula(D(L, y_hat)), " is used by all.")  # fmt: skip
    c.draw(w, _units(c, g, net, i))


def _units(c: Course, g: Gradient, net: Network, i: int) -> Drawing:
    """Each unit's values as nodes, the local derivatives on the arrows: for row i alone."""
    y_hat = Name(g.problem.tape[2].name.symbol)
    W1, w2 = WEIGHTS[0], WEIGHTS[2]
    first = f"{c.label(Name(g.problem.data[0].symbol))} = {figure(float(net.x[i]), 3)}"
    hat = f"{c.label(y_hat)} = {figure(float(net.t[i] + net.u[i]), 3)}"
    loss = f"{c.label(g.problem.objective)} = {figure(net.scale * float(net.u[i]) ** 2, 3)}"
    nodes, arrows = [first], []
    for k in range(2):
        zk, ak = (f"{letter} of unit {k + 1} = {figure(float(v[i, k]), 3)}" for letter, v in (("z", net.z), ("a", net.a)))
        nodes += [zk, ak]
        arrows += [(first, zk, exact(float(W1[k]))), (zk, ak, figure(1 - float(net.a[i, k]) ** 2, 3)), (ak, hat, exact(float(w2[k])))]
    arrows.append((hat, loss, figure(float(net.delta2()[i]), 3)))
    return chain_of_names((*nodes, hat, loss), arrows, title=f"Two units: local derivatives, row {count(i + 1)}", prefix="backpropagation-units")


# ---------------------------------------------------------------- all samples, checked


def _checked(c: Course, w: Writing, g: Gradient, net: Network) -> None:
    theta, found = net.theta, net.gradient
    size = 2 * float(np.sqrt(net.scale * net.loss(theta)))

    def moved(k: int, step: complex) -> list[complex]:
        return [*theta[:k], theta[k] + step, *theta[k + 1 :]]

    differences = [float((net.loss(moved(k, STEP)) - net.loss(moved(k, -STEP))).real) / (2 * STEP) for k in range(7)]
    steps = [float(np.imag(net.loss(moved(k, 1e-20j)))) / 1e-20 for k in range(7)]
    names = [(p, f", unit {k}" if p.indices else "") for p in g.problem.parameters for k in ((1, 2) if p.indices else (1,))]
    w.head("The whole gradient, checked")
    w.say("Now all ", count(c.example.n), " rows at once. The lines in matrices above are the program: a forward pass, a backward pass, seven "
          "numbers. Each can be checked by "
          "moving one weight: by a difference with the step ", exact(STEP), ", and by a complex step.")  # fmt: skip
    rows: list[list[str | Inline]] = []
    for k, (p, unit) in enumerate(names):
        rows.append([(w.formula(D(g.problem.objective, p)), unit), *(cells([v], 6, size)[0] for v in (found[k], differences[k], steps[k]))])
    table(w, [("derivative",), ("back-propagation",), ("by differences",), ("by the complex step",)], rows)
    fewest = [min((agreeing(x, y, size) for x, y in zip(found, other, strict=True)), key=lambda s: int(s.split()[0])) for other in (differences, steps)]
    w.say(f"The differences agree in {fewest[0]} digits. For a network they are not exact, for it is curved more than a square: a shorter step comes "
          f"nearer, until rounding "
          f"takes over. The complex steps agree in {fewest[1]}.")


def _work(c: Course, w: Writing) -> None:
    w.head("Why backwards?")
    w.say("The chain rule can be worked in either direction. Forwards: choose one parameter, and carry the derivatives by it through the network up "
          "to the loss; then the "
          "next parameter, and so on. Backwards: carry the derivatives of the loss down to all parameters at once. Draw an arrow from everything to "
          "whatever uses it, and "
          "count one product for each arrow that is followed. With one feature and ", count(WIDE), " units in each hidden layer:")  # fmt: skip
    rows = []
    for deep in range(1, DEEP + 1):
        parameters, arrows, forward = products([1, *[WIDE] * deep, 1])
        rows.append([str(deep), count(parameters), count(arrows), count(forward), figure(forward / arrows, 3)])
    table(w, [("hidden layers",), ("parameters",), ("products backwards",), ("products forwards",), ("times as many",)], rows)
    w.say("Backwards every arrow is followed once, however many parameters there are. Forwards the first arrows of every parameter are its own, but "
          "what comes after them "
          "is followed again and again.")  # fmt: skip


def _collapsed(c: Course, w: Writing, t: Trial) -> None:
    """Without tanh: the line again, by proof and by numbers."""
    p, (W1, b1, W2, b2) = linear(c)
    g, e = c.example.gradient, c.example
    w.head("A check: without its bends a network is a line")
    w.say("Take one unit in each layer, and leave tanh away:")
    w.chain(tuple(w.line(d.name, d.value, ":=", (d.says,)) for d in p.tape[:2]))
    as_line = add(mul(W1, W2, c.x), mul(b1, W2), b2)
    w.say("That is a line, with the slope ", w.formula(mul(W1, W2)), ". Its gradients must be those of the line, times what the chain rule adds:")
    lines = [proved(c.y_hat, as_line, p, ("the first layer put into the second",))]
    for goal, of in ((D(c.L, W1), c.w), (D(c.L, b1), c.b)):
        lines.append(proved(goal, mul(W2, g.of(of.symbol).result), p, ("that of the line by ", w.formula(of), ", times the second weight")))
    w.chain(tuple(lines))
    second = t.w / TIMES
    bias = t.b - second
    sums = tuple(map(float, e.raw.gradient(t.w, t.b)))
    u = (TIMES * e.x + 1) * second + bias - e.y
    delta = 2 * e.scale * u / e.n * second
    size = float(np.abs(delta) @ np.abs(e.x)), float(np.abs(delta).sum())
    w.say("With numbers: ", w.formula(W1), f" = {TIMES}, ", w.formula(b1), " = 1, ", w.formula(W2), " = ", exact(second), ", ", w.formula(b2), " = ",
          exact(bias),
          " make the line ", w.formula(c.w), " = ", exact(t.w), ", ", w.formula(c.b), " = ", exact(t.b),
          ". Over all rows the network's own backward pass gives ",
          w.formula(D(c.L, W1)), " = ", *cells([float(delta @ e.x)], 5, size[0]), " and ", w.formula(D(c.L, b1)), " = ", *cells([float(delta.sum())], 5,
          size[1]),
          "; the gradient of the line, times the second weight, is ", *cells([sums[0] * second], 5, size[0]), " and ", *cells([sums[1] * second], 5,
          size[1]), ".")  # fmt: skip


def _here(c: Course, w: Writing, net: Network) -> None:
    """The factor on these data."""
    factors = (1 - net.a**2).mean(axis=0)
    w.say("In the network of this page the factor of the one hidden layer is, on average over all rows, ", figure(float(factors[0]), 3),
          " for the first unit and ",
          figure(float(factors[1]), 3), " for the second.")  # fmt: skip


# ---------------------------------------------------------------- again, by another way


def _program(c: Course) -> str:
    t = trial(c.example)
    W1, b1, w2, b2 = ([*map(float, v)] if isinstance(v, np.ndarray) else v for v in WEIGHTS)
    return f'''# the small network, unit by unit, in standard deviations
raw_x, raw_y = x, y
x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
W1, b1, w2, b2 = {W1}, {b1}, {w2}, {b2}
row, step = {t.i}, {STEP!r}
print("n", n, "row", row + 1, raw_x[row], raw_y[row], "becomes", x[row], y[row], "weights", W1, b1, w2, b2, "step", step)


def network(theta):
    hidden = [np.tanh(theta[k] * x + theta[2 + k]) for k in (0, 1)]
    return scale * np.mean((hidden[0] * theta[4] + hidden[1] * theta[5] + theta[6] - y) ** 2)


z = [W1[k] * x + b1[k] for k in (0, 1)]
a = [np.tanh(z[k]) for k in (0, 1)]
y_hat = a[0] * w2[0] + a[1] * w2[1] + b2
delta2 = scale * 2 * (y_hat - y)
print("prediction", y_hat[row], "residual", y_hat[row] - y[row], "loss", scale * (y_hat[row] - y[row]) ** 2, "delta2", delta2[row])
for k in (0, 1):
    delta1 = delta2 * w2[k] / np.cosh(z[k]) ** 2
    print("unit", k + 1, z[k][row], a[k][row], delta2[row] * w2[k], 1 / np.cosh(z[k][row]) ** 2, delta1[row], delta1[row] * x[row], delta2[row] * a[k][row])
    print("  all rows", np.mean(delta1 * x), np.mean(delta1), np.mean(delta2 * a[k]), np.mean(delta2), "factor", np.mean(1 / np.cosh(z[k]) ** 2))
theta = [*W1, *b1, *w2, b2]
for k in range(7):
    up, down, aside = ([t + s * (j == k) for j, t in enumerate(theta)] for s in (step, -step, 1e-20j))
    print("parameter", k, (network(up) - network(down)) / (2 * step), np.imag(network(aside)) / 1e-20)

for deep in range(1, {DEEP} + 1):  # arrows drawn one by one; forwards each parameter's are followed
    sizes, arrows, parameters = [1] + [{WIDE}] * deep + [1], {{"prediction": ["u"], "u": ["L"], "L": []}}, []
    for k in range(1, len(sizes)):
        for j in range(sizes[k]):
            own = [("w", k, j, i) for i in range(sizes[k - 1])] + [("b", k, j)]
            parameters += own
            unit = "prediction" if k == len(sizes) - 1 else ("z", k, j)
            for p in own + [("a", k - 1, i) for i in range(sizes[k - 1]) if k > 1]:
                arrows.setdefault(p, []).append(unit)
            if unit != "prediction":
                arrows[unit] = [("a", k, j)]
    forwards = 0
    for p in parameters:
        reached, new = {{p}}, [p]
        while new:
            new = [q for q in dict.fromkeys(q for r in new for q in arrows[r]) if q not in reached]
            reached.update(new)
        forwards += sum(len(arrows[q]) for q in reached)
    backwards = sum(map(len, arrows.values()))
    print("layers", deep, len(parameters), backwards, forwards, forwards / backwards)

W2, w, b = {t.w / TIMES!r}, {t.w!r}, {t.b!r}  # without bends: a line
u = W2 * ({TIMES} * raw_x + 1) + (b - W2) - raw_y
print("line", w, b, W2, b - W2, "slopes", 2 * scale * np.mean(u * raw_x) * W2, 2 * scale * np.mean(u) * W2)

for k in range(1, 11):  # what k layers leave
    print(k, *((1 / np.cosh(z) ** 2) ** k for z in (1, 2)), *((1 / (2 + np.exp(z) + np.exp(-z))) ** k for z in (0, 2)))
print(1 / np.cosh(1) ** 2, 1 / np.cosh(2) ** 2, 0.25, 1 / (2 + np.exp(2) + np.exp(-2)))
'''


def _exercises(c: Course) -> Sequence[Exercise]:
    return _bend(c), _asleep(c), _twins(c)


def _bend(c: Course) -> Exercise:
    """The derivative of tanh, by its own value: what `symgd check` marks."""
    a, z = Name("a"), Name("z")
    value = c.formula(add(ONE, Neg(a**TWO)))
    return Exercise(
        (Prose(("A unit makes ", c.formula(a), " = ", c.formula(Call("tanh", (z,))), ". Write its derivative ", c.formula(D(a, z, True)), " with ",
        c.formula(a),
                " alone.")),),
        (("What is the derivative of tanh?",), ("It is made of tanh itself.",)),
        (Prose((c.formula(D(a, z, True)), " = ", value, ": going back, the output of the unit is all that is needed of it. Typed for ", Mono("symgd check"),
        ": ",
                Mono(KEY), ".")),),
        "fill", STATED, KEY,
    )  # fmt: skip


def _asleep(c: Course) -> Exercise:
    """Second weights of 0."""
    W1, b1, w2, b2 = derived(c).problem.parameters
    L = c.L
    return Exercise(
        (Prose(("All ", c.formula(w2), " are 0. Which parts of the gradient are 0, whatever the data?")),),
        (("What is the sensitivity of a hidden sum made of?",), ("Which gradients are made of that sensitivity?",)),
        (Prose((c.formula(D(L, W1)), " and ", c.formula(D(L, b1)), ": on the way back everything that reaches the first layer is multiplied by ",
                c.formula(w2), ". ", c.formula(D(L, w2)), " and ", c.formula(D(L, b2)), " need not be 0, so the next step wakes the first layer.")),),
    )  # fmt: skip


def _twins(c: Course) -> Exercise:
    return Exercise(
        (Prose(("Both units start with the same weights, in front of them and behind them. What can the network learn?",)),),
        (("Compare the forward values of the two units.",), ("Compare their gradients. What does one step make of equal numbers with equal slopes?",)),
        (Prose(("No more than with one unit. Equal weights give equal values, equal values equal gradients, and after each step the weights are equal again. ",
                "That is why weights are drawn at random at the start.",)),),
    )  # fmt: skip


BACKPROPAGATION = Lesson(
    "backpropagation", "Back-propagation", "How do the weights of an early layer affect the loss, and how is it found for all of them at once?", _write,
    _program, _exercises
)
