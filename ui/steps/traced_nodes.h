// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/batch_trace.h"
#include "ui/document/graph_scope.h"

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// A value of a trace, as an output of a layer.
struct TracedOutput {
    const TracedLayer* layer = nullptr;
    std::size_t output = 0;

    [[nodiscard]] ValueId value() const { return layer->outputs.at(output); }
};

/// What leaves a node of the graph that is shown through one of its outputs; of a block's instance,
/// behind the last repetition. Nothing for a node that takes no part.
std::optional<TracedOutput> tracedOutput(const BatchTrace& trace, const Network& network,
                                         const GraphScope& scope, const Node& node,
                                         std::size_t port = 0);

/// The weights of the node, or of all layers of a block's instance.
std::vector<const TracedWeight*> tracedWeights(const BatchTrace& trace, const GraphScope& scope,
                                               const Node& node);

} // namespace gradwright
