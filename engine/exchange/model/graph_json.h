// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"
#include "engine/support/json_fwd.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// A graph of ops for a file: inputs, ops with all that they say of themselves, outputs, losses and
/// score. Weights are named by their keys, constants by the names under which `constants` gets
/// their values. Throws Error for a gradient and for what only compiled programs have.
Json graphToJson(const OpGraph& graph, std::vector<std::pair<std::string, Tensor>>& constants);

/// What a graph is made of beside its JSON, and where values of the file have come to be.
struct GraphParts {
    /// The tensor of that name. Throws Error where there is none.
    std::function<const Tensor&(const std::string&)> tensor;
};
struct ReadGraph {
    OpGraph graph;
    std::vector<std::optional<ValueId>> values; ///< by the number in the file
    /// Throws Error for a number that the graph does not have.
    [[nodiscard]] ValueId at(const Json& number) const;
};

/// The graph again. Every op is checked as when a network is built, so what is returned can run.
/// Throws Error naming the op, the key and what would be right.
ReadGraph graphFromJson(const Json& json, const GraphParts& parts);

} // namespace gradwright
