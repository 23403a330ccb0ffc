# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as a program draws them, and the form in which the program writes them."""

import json

LINE = 96  # as engine/project/project_file.cpp
ROW, COLUMN, GAP = 88.0, 240.0, 48.0  # of the canvas
ROWS, BLOCK_ROWS = 7, 24  # at most, before a chain goes on in the next column


# Values that the program leaves out of files because they are a layer's defaults.
DEFAULTS = {
    "input": {"shape": [1, 28, 28]},
    "max-pool2d": {"stride": [2, 2]},
    "average-pool2d": {"stride": [2, 2]},
}


class Graph:
    """Layers and instances of blocks. Each of them is added with what feeds it."""

    def __init__(self, doc=""):
        self.doc = doc
        self.nodes, self.links, self.promoted = [], [], []

    def add(self, layer, name, inputs=(), **params):
        return self._add({"layer": layer}, name, inputs, params)

    def use(self, block, name, inputs, repeat=1, **params):
        return self._add({"block": block, "repeat": repeat}, name, inputs, params)

    def chain(self, node, *layers):
        """Each of (layer, name) or (layer, name, params) fed by the one before."""
        for layer, name, *params in layers:
            node = self.add(layer, name, [node], **(params[0] if params else {}))
        return node

    def promote(self, key, param, *nodes):
        self.promoted += [{"key": key, "node": node, "param": param} for node in nodes]

    def _add(self, use, name, inputs, params):
        number = len(self.nodes) + 1
        node = {"id": number, "name": name, **use}
        defaults = DEFAULTS.get(use.get("layer"), {})
        params = {key: value for key, value in params.items() if defaults.get(key) != value}
        if params:
            node["params"] = dict(sorted(params.items()))
        self.nodes.append(node)
        for port, source in enumerate(inputs):
            self.links.append(
                {"id": len(self.links) + 1, "from": [source, 0], "to": [number, port]}
            )
        return number

    def definition(self):
        return {
            "nodes": self.nodes,
            "links": self.links,
            "promoted": self.promoted,
            "doc": self.doc,
        }

    def positions(self, height=ROWS):
        """Rows by the longest way from an input, branches side by side, long chains in columns."""
        rank, sources = {}, {node["id"]: [] for node in self.nodes}
        for link in self.links:
            sources[link["to"][0]].append(link["from"][0])
        for node in self.nodes:  # each comes after what feeds it
            number = node["id"]
            rank[number] = max((rank[s] + 1 for s in sources[number]), default=0)
        # Close to what they feed: short branches end where they are joined.
        targets = {}
        for link in self.links:
            targets.setdefault(link["from"][0], []).append(link["to"][0])
        rows = {}
        for number, row in rank.items():
            rows.setdefault(row, []).append(number)
        lane = {}
        for row in sorted(rows):
            # A branch keeps its lane; what joins several goes to their middle.
            def wish(number):
                lanes = [lane[s] for s in sources[number]]
                siblings = targets.get(sources[number][0], []) if len(lanes) == 1 else []
                if len(siblings) > 1:
                    return lanes[0] + siblings.index(number) - (len(siblings) - 1) / 2
                return sum(lanes) / len(lanes) if lanes else 0.0

            wishes = sorted((wish(n), n) for n in rows[row])
            least = None
            for at, number in wishes:
                lane[number] = at if least is None else max(at, least + 1)
                least = lane[number]
        ranks = max(rank.values()) + 1
        height = -(-ranks // -(-ranks // height))  # columns of about equal height
        columns, left = {}, 0.0
        for first in range(0, ranks, height):
            members = [n for n in rank if first <= rank[n] < first + height]
            low = min(lane[n] for n in members)
            high = max(lane[n] for n in members)
            for n in members:
                columns[n] = (left + (lane[n] - low) * COLUMN, (rank[n] - first) * ROW)
            left += (high - low + 1) * COLUMN + GAP
        return {str(n): [round(x, 1), y] for n, (x, y) in sorted(columns.items())}


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def readable(value, depth=0):
    """What readableJson() of engine/project/project_file.cpp gives, without the last line break."""
    line = compact(value)
    structured = isinstance(value, (dict, list))
    short = depth > 0 and len(line.encode()) + depth * 2 <= LINE
    if not structured or not value or short:
        return line
    indent = "  " * (depth + 1)
    if isinstance(value, list):
        rows = [indent + compact(entry) for entry in value]
        return "[\n" + ",\n".join(rows) + "\n" + "  " * depth + "]"
    rows = [
        indent + json.dumps(key, ensure_ascii=False) + ": " + readable(entry, depth + 1)
        for key, entry in value.items()
    ]
    return "{\n" + ",\n".join(rows) + "\n" + "  " * depth + "}"
