"""Numbers in, and the closed form of record: what is read, what is refused and where, what is exact."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.numeric.data.columns import collinear, features, target
from symgd.numeric.data.table import DataError, example, parse_csv, read_csv
from symgd.numeric.closed.exact import RankError, exact_gram, exact_least_squares, exact_rank
from symgd.numeric.closed.limbs import products
from symgd.numeric.data.scaling import Scaling, standardise


def table(text: str | bytes, *columns: str, **how):
    return parse_csv(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "t.csv", columns, **how)


def test_the_example_is_a_thousand_students():
    t = example()
    assert t.rows == 1000
    assert t.names == ("sex", "sat_v", "sat_m", "sat_sum", "hs_gpa", "fy_gpa")
    assert np.array_equal(t["sat_v"] + t["sat_m"], t["sat_sum"])


@pytest.mark.parametrize(("text", "x"), [
    ("x,y\n1,2\n3,4\n", [1, 3]),
    ("x;y\n1;2\n3;4\n", [1, 3]),
    ("x\ty\n1\t2\n3\t4\n", [1, 3]),
    ("x,y\r\n1,2\r\n3,4", [1, 3]),
    ("\ufeffx,y\n1,2\n3,4\n", [1, 3]),
    ('"x","y, z"\n"1",2\n 3 ,4\n', [1, 3]),
    ("x,y\n1,2\n\n3,4\n\n", [1, 3]),
    ("x\n1\n3\n", [1, 3]),
    ("x,y\n-1.5e3,2\n+.5,4\n", [-1500, 0.5]),
    ("y,x\n1,2.\n2,03\n", [2, 3]),
])  # fmt: skip
def test_a_table_is_read(text, x):
    assert table(text, "x")["x"].tolist() == x


def test_a_delimiter_that_is_no_comma_is_said():
    assert table("x;y\n1;2\n").says == ("The columns are separated by a semicolon.",)


def test_without_a_choice_columns_of_text_are_skipped_and_refused_only_when_asked_for():
    t = table("name,x\nAnn,1\nBob,2\n")
    assert t.names == ("x",)
    with pytest.raises(DataError, match=r"t.csv:2: column 'name': 'Ann' is not a number"):
        t["name"]


@pytest.mark.parametrize(("text", "message"), [
    ("", "t.csv: the file is empty"),
    ("x,y\n", "there is a header but no row"),
    ("\n1,2\n", "t.csv:1: the first line is blank"),
    ("1,2\n3,4\n", "t.csv:1: the first line holds numbers only"),
    ("x,y,x\n1,2,3\n", "t.csv:1: the column name 'x' stands twice, in columns 1 and 3"),
    ("a;b,c\n1;2,3\n", "t.csv:1: the header holds comma and semicolon"),
    ("x,y\n1,2\n3\n", "t.csv:3: 1 cells, where the header names 2 columns"),
    ("x,y\n1,2,3\n", "t.csv:2: 3 cells, where the header names 2 columns"),
    ("x,y\n1,2\nabc,4\n", "t.csv:3: column 'x': 'abc' is not a number"),
    ("x;y\n1,5;2\n", "t.csv:2: column 'x': '1,5' is not a number; write the decimal point as '.'"),
    ("x,y\n1_000,2\n", "'1_000' is not a number"),
    ("x,y\n１２,2\n", "is not a number"),
    ("x,y\n1,2\n,4\n", "t.csv:3: column 'x': a value is missing"),
    ("x,y\nNaN,4\n", "t.csv:2: column 'x': a value is missing"),
    ("x,y\n-inf,4\n", "t.csv:2: column 'x': '-inf' is not finite"),
    ("x,y\n2e150,4\n", "'2e150' is larger than 1e.150 in magnitude"),
    ("x,y\n1e999,4\n", "'1e999' is larger than 1e.150 in magnitude"),
    ("z,y\n1,4\n", "there is no column 'x'; there are 'z', 'y'"),
    ("X1,y\n1,4\n", "there is no column 'x'"),
    ('x,y\n"1,2\n3,4\n', "t.csv:3: "),
    ("x,y\n" + "1" * 41 + ",4\n", "is not a number"),
    ("x,y\n" + "1" * 2**20, "t.csv:2: the line is longer than 1048576 bytes"),
    (b"\xff\xfex\x00,\x00y\x00", "t.csv: this looks like UTF-16"),
    ("x,y\n1,2\n".encode("utf-16-be"), "t.csv: this looks like UTF-16"),
    (b"x,y\n1,2\n\xe9,4\n", r"t.csv:3: byte 1 of the line \(0xe9\) is not UTF-8"),
])  # fmt: skip
def test_bad_text_is_refused_with_its_place(text, message):
    with pytest.raises(DataError, match=message):
        table(text, "x")


def test_rows_with_a_missing_value_are_dropped_when_told_so():
    t = table("x,y,z\n1,2,\n,3,1\n4,NA,1\n5,6,1\n", "x", "y", missing="drop")
    assert (t["x"].tolist(), t.dropped) == ([1, 5], 2)
    assert t.says == ("2 rows with missing values left out.",)
    with pytest.raises(DataError, match=r"no row of numbers \(1 row with missing values dropped\)"):
        table("x,y\n,2\n", "x", missing="drop")


@pytest.mark.parametrize("name", ["no-such-file.csv", ".", "a\0b"])
def test_what_is_no_readable_file_is_refused(name, tmp_path):
    with pytest.raises(DataError):
        read_csv(str(tmp_path / name) if "\0" not in name else name)
    with pytest.raises(DataError, match="directory"):
        read_csv(tmp_path)


def test_more_than_fits_is_refused_while_reading(monkeypatch):
    monkeypatch.setattr("symgd.numeric.data.table.FILE_BYTES", 2**20)
    with pytest.raises(DataError, match=r"t\.csv:\d+: more than 1 MB"):
        table("x\n" + "1\n" * 2**20, "x")


def test_many_rows_are_read_in_chunks(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("x,y\n" + "".join(f"{k},{k / 3!r}\n" for k in range(70000)) + "oops,1\n")
    with pytest.raises(DataError, match=r"many\.csv:70002: column 'x'"):
        read_csv(path, ["x"])
    assert read_csv(path, ["y"])["y"][66666] == 22222.0


@given(st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_every_finite_float_reads_back_as_itself(values):
    t = table("x\n" + "".join(f"{v!r}\n" for v in values), "x")
    assert t["x"].tolist() == values


# ---------------------------------------------------------------- columns as a model takes them

PEOPLE = "age,sex,city,passed,mark,calls\n30,m,Bern,yes,1.0,0\n41,f,Ulm,no,2,3\n25,f,Bern,yes,3,1\n58,x,Graz,no,1,2\n"


def people(*columns: str, texts=()):
    return table(PEOPLE, *columns, texts=texts)


def test_a_category_becomes_a_column_for_every_level_but_its_reference():
    f = features(people(texts=["sex", "city"]), ["age", "sex"], ["sex"])
    assert f.names == ("age", "sex=m", "sex=x")
    assert f.X.tolist() == [[30, 1, 0], [41, 0, 0], [25, 0, 0], [58, 0, 1]]
    assert f.says == ("sex: 3 levels; the reference is sex=f, which every weight of sex=… is compared with.",)


def test_levels_that_are_numbers_are_ordered_by_size_and_one_number_is_one_level():
    f = features(table("mark,y\n10,1\n9,2\n9.0,3\n2,4\n", texts=["mark"]), ["mark"], ["mark"])
    assert f.names == ("mark=9", "mark=10")
    assert f.X.tolist() == [[0, 1], [1, 0], [1, 0], [0, 0]]


# (cells of the target, its kind) -> the values a loss gets, and which class is which
TARGETS_READ = [
    ("0 1 1", "zero-one", [0, 1, 1], ""),
    ("1.0 0 1", "zero-one", [1, 0, 1], ""),
    ("yes no yes", "zero-one", [1, 0, 1], "t: yes is class 1, no is class 0."),
    ("True False True", "zero-one", [1, 0, 1], "t: True is class 1, False is class 0."),
    ("pass fail fail", "zero-one", [1, 0, 0], "t: pass is class 1, fail is class 0."),
    ("on off on", "zero-one", [1, 0, 1], "t: on is class 1, off is class 0."),
    ("2 1 2", "zero-one", [1, 0, 1], "t: 2 is class 1, 1 is class 0."),
    ("cat dog cat", "zero-one", [0, 1, 0], "t: dog is class 1, cat is class 0."),
    ("-1 1 1", "sign", [-1, 1, 1], ""),
    ("0 1 1", "sign", [-1, 1, 1], "t: 1 is +1, 0 is −1."),
    ("a b c", "classes", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t: 3 classes, a, b, c."),
    ("10 9 10", "classes", [[0, 1], [1, 0], [0, 1]], "t: 2 classes, 9, 10."),
    ("0 3 2", "count", [0, 3, 2], ""),
    ("0 0.5 2", "not-negative", [0, 0.5, 2], ""),
    ("0 -0.5 2", "number", [0, -0.5, 2], ""),
]


@pytest.mark.parametrize(("cells", "kind", "values", "says"), TARGETS_READ)
def test_each_loss_gets_the_target_it_needs(cells, kind, values, says):
    found = target(table("t,x\n" + "".join(f"{c},1\n" for c in cells.split()), texts=None), "t", kind)
    assert (found.values.tolist(), found.says) == (values, says)


@pytest.mark.parametrize(("cells", "kind", "message"), [
    ("0 1 2", "zero-one", r"^t.csv:4: the target 't' has 3 different values, here '2'; two classes are needed: softmax-cross-entropy takes more"),
    ("a b c", "sign", r"^t.csv:4: the target 't' has 3 different values, here 'c'; two classes are needed"),
    ("1 1 1", "zero-one", r"the target 't' is '1' in every row: there is nothing to tell apart"),
    ("a a a", "classes", r"is 'a' in every row"),
    ("0 -1 2", "count", r"^t.csv:3: the target 't' is -1; a count is needed: a whole number from 0"),
    ("0 1 2.5", "count", r"^t.csv:4: the target 't' is 2.5; a count is needed"),
    ("0 1 -2.5", "not-negative", r"^t.csv:4: the target 't' is -2.5; a number from 0 is needed"),
    ("0 one 2", "count", r"^t.csv:3: column 't': 'one' is not a number"),
    ("a NA b", "classes", r"^t.csv:3: column 't': a value is missing \('NA'\)"),
    (" ".join(map(str, range(200))), "classes", r"^t.csv:102: the target 't' has 200 different values, here '100'; at most 100 classes are needed: is"),
])  # fmt: skip
def test_a_target_that_a_loss_cannot_use_is_refused_with_its_row(cells, kind, message):
    with pytest.raises(DataError, match=message):
        target(table("t,x\n" + "".join(f"{c},1\n" for c in cells.split()), texts=None), "t", kind)


@pytest.mark.parametrize(("names", "categories", "message"), [
    (["age", "sex"], [], "t.csv:2: column 'sex': 'm' is not a number; if the column is a category, take it with --one-hot sex"),
    (["age", "age"], [], "the column 'age' is named twice as a feature"),
    (["one"], ["one"], "the column 'one' has one level only"),
    (["one"], [], "the column 'one' is constant"),
    (["nil"], [], "the column 'nil' is constant"),
    (["agee"], [], "there is no column 'agee'; did you mean 'age'"),
    (["sex", "sex=m"], ["sex"], "two features would be called 'sex=m'"),
])  # fmt: skip
def test_features_that_say_nothing_or_are_no_numbers_are_refused(names, categories, message):
    t = table("age,sex,one,nil,sex=m\n30,m,1,0,1\n41,f,1,0,0\n25,f,1,0,3\n", texts=None)
    with pytest.raises(DataError, match=message):
        features(t, names, categories)


def test_without_an_intercept_a_constant_column_has_a_weight():
    t = table("one,nil\n1,0\n1,0\n")
    assert features(t, ["one"], intercept=False).X.tolist() == [[1], [1]]
    with pytest.raises(DataError, match="the column 'nil' is 0 in every row"):
        features(t, ["nil"], intercept=False)


def test_a_table_that_is_read_as_text_knows_the_line_of_each_row():
    t = table("x,c\n1,a\n\n,b\n3,\n4,d\n", "x", "c", texts=["c"], missing="drop")
    assert (t.texts["c"], t["x"].tolist(), t.dropped) == (("a", "d"), [1, 4], 2)
    assert [t.place(k) for k in (0, 1)] == ["t.csv:2", "t.csv:6"]
    with pytest.raises(DataError, match=r"t.csv:5: column 'c': a value is missing"):
        table("x,c\n1,a\n\n2,b\n3,\n", "x", "c", texts=["c"]).text("c")


def test_the_sum_of_two_columns_is_named():
    t = example()
    names = ["sat_v", "sat_m", "sat_sum", "hs_gpa"]
    assert list(map(str, collinear(names, features(t, names).X))) == ["sat_sum = sat_v + sat_m"]
    assert list(map(str, collinear([names[2], *names[:2]], features(t, [names[2], *names[:2]]).X))) == ["sat_m = sat_sum − sat_v"]
    assert collinear(["sat_v", "sat_m", "hs_gpa"], features(t, ["sat_v", "sat_m", "hs_gpa"]).X) == ()


def test_combinations_are_written_with_simple_factors_or_as_nearly_true():
    rng = np.random.default_rng(1)
    c, a = np.round(rng.normal(20, 5, 300), 1), np.round(rng.normal(0, 1, 300), 2)
    X = np.column_stack([c, np.round(1.8 * c + 32, 2), a, np.round(1 - a, 2), c / 3 - a, np.round(-2 * c - a / 2, 3)])
    said = list(map(str, collinear(["c", "f", "a", "na", "q", "r"], X)))
    assert said == ["f = 1.8 c + 32", "na = −a + 1", "q ≈ 0.333333 c − a", "r = −2 c − 0.5 a"]


def test_an_indicator_of_the_reference_level_is_collinear_with_the_others_and_the_intercept_alone():
    full = np.eye(3)[[0, 1, 2, 1, 0, 2, 2]]
    assert list(map(str, collinear(["a", "b", "c"], full))) == ["c = −a − b + 1"]
    assert collinear(["a", "b", "c"], full, intercept=False) == ()
    assert collinear(["b", "c"], full[:, 1:]) == ()


@given(st.integers(0, 10**6), st.floats(-1e4, 1e4), st.sampled_from([2, -3, 0.5]))
@settings(max_examples=30, deadline=None)
def test_a_combination_is_found_at_any_offset(seed, offset, factor):
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(offset, 1, (40, 3)), 3)
    joined = np.column_stack([X, factor * X[:, 1] + X[:, 2]])
    found = collinear(["a", "b", "c", "d"], joined)
    assert [r.column for r in found] == ["d"]
    assert {name: float(f) for f, name in found[0].terms} == pytest.approx({"b": factor, "c": 1.0}, rel=1e-4)
    assert collinear(["a", "b", "c"], X) == ()


# ---------------------------------------------------------------- exact least squares

# National Institute of Standards and Technology, Statistical Reference Datasets, linear regression; y, then x; certified coefficients.
NO_INT_1 = [(130, 60), (131, 61), (132, 62), (133, 63), (134, 64), (135, 65), (136, 66), (137, 67), (138, 68), (139, 69), (140, 70)]
WAMPLER_1 = [sum(x**k for k in range(6)) for x in range(21)]
NORRIS = [
    0.1, 0.2, 338.8, 337.4, 118.1, 118.2, 888.0, 884.6, 9.2, 10.1, 228.1, 226.5, 668.5, 666.3, 998.5, 996.3, 449.1, 448.6,
    778.9, 777.0, 559.2, 558.2, 0.3, 0.4, 0.1, 0.6, 778.1, 775.5, 668.8, 666.9, 339.3, 338.0, 448.9, 447.5, 10.8, 11.6,
    557.7, 556.0, 228.3, 228.1, 998.0, 995.8, 888.8, 887.6, 119.6, 120.2, 0.3, 0.3, 0.6, 0.3, 557.6, 556.8, 339.3, 339.1,
    888.0, 887.2, 998.5, 999.0, 778.9, 779.0, 10.2, 11.1, 117.6, 118.3, 228.9, 229.2, 668.4, 669.1, 449.2, 448.9, 0.2, 0.5,
]  # fmt: skip


def test_certified_coefficients_are_reached():
    assert float(exact_least_squares([[x for _, x in NO_INT_1]], [y for y, _ in NO_INT_1])[0]) == pytest.approx(2.07438016528926, rel=1e-14)
    assert exact_least_squares([[Fraction(x) ** k for x in range(21)] for k in range(6)], WAMPLER_1) == (1,) * 6
    y, x = ([float(v) for v in NORRIS[k::2]] for k in (0, 1))
    b, w = exact_least_squares([np.ones(36), np.array(x)], np.array(y))
    assert float(b) == pytest.approx(-0.262323073774029, rel=1e-14)
    assert float(w) == pytest.approx(1.00211681802045, rel=1e-14)


def test_the_closed_form_of_the_example():
    x, y = example()["sat_sum"], example()["fy_gpa"]
    w, b = map(float, exact_least_squares([x, np.ones(1000)], y))
    assert (w, b) == (pytest.approx(0.02386573594038, rel=1e-13), pytest.approx(0.00192737101629, rel=1e-11))


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_products_of_columns_are_exact(rows):
    columns = list(zip(*rows, strict=True))
    found = exact_gram([np.array(c) for c in columns])
    assert found == [[sum(Fraction(p) * Fraction(q) for p, q in zip(a, b, strict=True)) for b in columns] for a in columns]


def test_values_of_very_different_size_stay_exact():
    column = np.array([1e150, 1e-150, 5e-324, 0.0, -3.0])
    assert exact_gram([column])[0][0] == sum(Fraction(v) ** 2 for v in column.tolist())


@pytest.mark.parametrize("rows", [1, 511, 512, 513, 3000])
@pytest.mark.parametrize("highest", [0, 9, 40])
def test_sums_of_products_of_limbs_are_exact_also_of_the_largest_digits(rows, highest, monkeypatch):
    monkeypatch.setattr("symgd.numeric.closed.limbs.BLOCKS", 2)  # 3,000 rows are three of these
    rng = np.random.default_rng(rows)
    shift = rng.integers(0, highest + 1, (4, rows))
    digits = np.array([rng.integers(-(2**53), 2**53, rows), np.full(rows, 2**53 - 1), np.full(rows, 1 - 2**53), np.zeros(rows)]).astype(np.int64)
    whole = [[int(d) << int(s) for d, s in zip(a, b, strict=True)] for a, b in zip(digits, shift, strict=True)]
    assert products(list(zip(digits, shift, strict=True))) == [[sum(map(int.__mul__, a, b)) for b in whole] for a in whole]


def test_the_rank_is_exact():
    x = np.arange(5.0) + 1e15
    assert exact_rank([x, np.ones(5)]) == 2
    assert exact_rank([x, 2 * x, np.ones(5)]) == 2
    with pytest.raises(RankError, match="rank 1"):
        exact_least_squares([np.full(4, 0.1), np.ones(4)], np.arange(4.0))
    with pytest.raises(ValueError, match="row 2 is not finite"):
        exact_gram([np.array([1.0, np.nan])])
    with pytest.raises(ValueError, match="different lengths"):
        exact_gram([np.ones(2), np.ones(3)])


# ---------------------------------------------------------------- standardising


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
@settings(max_examples=60, deadline=None)
def test_the_way_back_is_exact_to_one_rounding(mean, scale, w, b):
    slope, intercept = Scaling(mean, scale).to_data(w, b)
    true = Fraction(w) / Fraction(scale)
    assert slope == float(true)
    assert intercept == float(Fraction(b) - true * Fraction(mean))


def test_standardised_columns_have_mean_0_and_deviation_1():
    x = np.random.default_rng(0).normal(1e8, 3, 1000)
    z, scaling = standardise(x)
    assert abs(z.mean()) < 1e-8
    assert abs(z.std() - 1) < 1e-12
    assert scaling.from_data(*scaling.to_data(0.5, -2.0)) == pytest.approx((0.5, -2.0), abs=1e-8)
    with pytest.raises(DataError, match="constant"):
        standardise(np.full(3, 2.0))
