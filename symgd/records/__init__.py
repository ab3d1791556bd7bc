"""The derivation as data (JSON, version 1): every definition, line, rule, condition and verdict, so that others can replay it.

symgd         1, the version of this format; a reader refuses others, and keys it does not know
title         of the page
problem       name, title, parameters, data, constants [{name, value}], count [{axis, name}] (i is counted by n), given [{symbol, axis}] (its sum
              along that axis is 1), roles [{symbol, says}], sizes [{axis, size}] (how they are written: d, or 3), tape [{name, value, says}]: the
              definitions, the last one is the objective
derivations   [{name, goal, steps, in_full}], the backward tape.  goal = steps[0].after = steps[1].after = …, and so on through in_full
  a step      {after, rule, about, where, cites, verdict, argument}: the line before is the last one's `after`; `about` is the part of it that was
              rewritten (left out: all of it); `where` are conditions; `cites` the goals whose results were used; `argument` counts in `arguments`
closed_form   null, {why_not, system}, or {definitions, system [{parameter, zero}], solution [{name, value}], requires, derivations}: its lines stand
              on the tape with `definitions` in front; in a step "solve", about = 0 (the line before it) is solved by its name = after
curvature     null or {slopes, entries [{by, …}], convex, says, direction, step, named, slope, along}: `entries` stand on the tape and `slopes` (g_w := ∂L/∂w);
              `along` on the tape with p + t v_p for each parameter p (t the `step`), `named` (how fast scores change) and `slope` (g := dL/dt)
rules         {rule: {law, reason}}; a step has a `law` of its own where the function's own derivative says more
arguments     [{evidence, scope}], for a refuted step also witness and values

Terms are trees of lists, as `trees` says; `text` and `latex` beside them are for people and are not read back.
What is empty is left out.  A stranger's record is read safely; its replay computes, and belongs into a `worker`.
"""

from symgd.records.reading import Part, Record, from_json, read_record
from symgd.records.replaying import replay
from symgd.records.trees import RecordError, term_from_data, term_to_data
from symgd.records.writing import derivation_to_json, to_json

__all__ = [
    "Part", "Record", "RecordError", "derivation_to_json", "from_json", "read_record", "replay", "term_from_data", "term_to_data", "to_json",
]  # fmt: skip
