"""From the tapes to numbers: data in, a program, a bound loss, the closed form, the descent; `function` and `fit` put them together."""
