// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/diagnostic.h"
#include "engine/graph/expand.h"

namespace gradwright {

enum class ShapeState { Pending, Known, Contradiction };

/// What inference found for one flat node.
struct NodeAnalysis {
    ShapeState state = ShapeState::Pending;
    std::vector<std::optional<Shape>> inputs;
    Shape output;                    ///< when Known; of a layer without output, what arrives
    std::vector<Shape> further = {}; ///< when Known; of the outputs behind the first
    std::int64_t parameters = 0;
    std::int64_t macs = 0;      ///< for one sample
    bool reachesOutput = false; ///< takes part in training and inference
    bool hasStep = false;       ///< computes a step, through which no gradient flows

    /// Of an output that the node has, when Known.
    [[nodiscard]] const Shape& outputAt(std::size_t port) const {
        return port == 0 ? output : further.at(port - 1);
    }
};

struct Analysis {
    FlatNetwork flat;
    std::vector<NodeAnalysis> nodes; ///< as many as flat.nodes, in their order
    std::vector<Diagnostic> diagnostics;
    /// Of nodes that reach an output; while none does, of all whose shapes are known.
    std::int64_t parameters = 0;
    std::int64_t macs = 0; ///< the same nodes' for one sample

    [[nodiscard]] bool hasErrors() const;
    /// Index of the flat node of that path. Throws Error when there is none.
    [[nodiscard]] std::size_t indexOf(std::string_view path) const;
};

/// Infers every shape and finds every fault. A half-built network is normal: what is not known yet
/// stays Pending and what it is waiting for is a warning.
Analysis analyze(const Network& network);

} // namespace gradwright
