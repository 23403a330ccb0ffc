# SPDX-License-Identifier: GPL-3.0-or-later
"""What prepare() and answers() of the exported program raw.py make of some rows, as JSON. Lists stand
for the framework's arrays, so that none needs to be installed."""

import json, types
source = open("raw.py", encoding="utf-8").read()
source = source[source.index("COLUMNS = ["):source.index("if __name__ ==")]
array = lambda values, *_, **__: values
space = {"torch": types.SimpleNamespace(tensor=array, float32=0),
         "numpy": types.SimpleNamespace(asarray=array, float32=0),
         "keras": types.SimpleNamespace(ops=types.SimpleNamespace(convert_to_numpy=lambda x: x))}
exec(source, space)
class Outputs(list):
    tolist = lambda self: list(self)
rows = [{"amount": "1.120", "share": "7 %", "town": "Ulm"}, {"amount": 1150, "town": " Köln "},
        {"share": None, "amount": float("nan"), "town": "Rom"}]
print(json.dumps([space["prepare"](rows), space["answers"](Outputs([[0.5]]))]))
