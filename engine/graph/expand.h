// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/diagnostic.h"
#include "engine/layers/layer.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// The node and the parameter at which a value is set.
struct ParamOrigin {
    std::string graph;
    NodeId node;
    std::string param;
};

/// An output of a flat node.
struct FlatSource {
    std::size_t node = 0;
    std::size_t output = 0;

    /// The index of the node.
    operator std::size_t() const { return node; }
};

/// One layer of the network with all blocks unrolled.
struct FlatNode {
    std::string path;  ///< "stage2/1/conv1": block instances with their repetition, from 1
    std::string graph; ///< where its node is drawn
    NodeId node;
    const LayerDef* layer; ///< nullptr when this version does not know the layer
    ParamValues params;    ///< with the values that instances set for promoted parameters
    /// What feeds each port; nothing where no link enters.
    std::vector<std::optional<FlatSource>> inputs;
    /// The origins of the parameters that an instance of a block sets from outside.
    std::map<std::string, ParamOrigin, std::less<>> promoted = {};

    /// Where the parameter's value is set: here or at an instance.
    [[nodiscard]] ParamOrigin originOf(std::string_view param) const;
};

/// The network as layers alone, each after what feeds it.
struct FlatNetwork {
    std::vector<FlatNode> nodes;
    DiagnosticList diagnostics; ///< of the structure: blocks missing or within themselves
};

/// Unrolls blocks. A block that is missing, contains itself, is nested deeper than 32 levels, is
/// repeated but does not have one input and one output, or would make the network larger than
/// 200,000 layers is a diagnostic and is left out.
FlatNetwork expand(const Network& network);

} // namespace gradwright
