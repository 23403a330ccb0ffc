# SPDX-License-Identifier: GPL-3.0-or-later
"""prepared_cells.py PROGRAM ASKED: what prepare() and answers() of an exported program make of the
"samples" and "outputs" of a JSON file, as JSON. Lists stand for the framework's arrays, so that none
needs to be installed."""

import datetime, json, sys, types

source = open(sys.argv[1], encoding="utf-8").read()
begin = source.find("COLUMNS = [")
begin = begin if begin >= 0 else source.index("def probabilities(")
array = lambda values, *_, **__: values
space = {"torch": types.SimpleNamespace(tensor=array, float32=0),
         "numpy": types.SimpleNamespace(asarray=array, float32=0),
         "keras": types.SimpleNamespace(ops=types.SimpleNamespace(convert_to_numpy=lambda x: x))}
exec(source[begin:source.index("if __name__ ==")], space)


class Outputs(list):
    tolist = lambda self: list(self)


def cell(value):
    """Dates have no form of their own in JSON."""
    is_date = isinstance(value, str) and value.startswith("date:")
    return datetime.date.fromisoformat(value[5:]) if is_date else value


asked = json.load(open(sys.argv[2], encoding="utf-8"))
samples = [{name: cell(value) for name, value in sample.items()} if isinstance(sample, dict) else
           sample for sample in asked["samples"]]
found = {}
try:
    inputs = space["prepare"](samples)
    found["inputs"] = inputs
    more = [samples] if "VOCABULARY" in space else []
    found["answers"] = space["answers"](Outputs(asked["outputs"]), *more)
except ValueError as error:
    found["error"] = str(error)
print(json.dumps(found))
