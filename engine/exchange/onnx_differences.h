// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_model.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// One thing that two models do not have alike.
struct OnnxDifference {
    enum class Kind { Model, Input, Output, Node, Constant };
    Kind kind;
    std::string name; ///< what the value, the entry or the node is called; a node without a name:
                      ///< its first output
    /// What each model has there; empty: it has no such thing.
    std::string first, second;
};

/// "model", "input", "output", "node", "constant".
std::string_view nameOf(OnnxDifference::Kind kind);

/// What differs between two models: operator sets, metadata, inputs, outputs, nodes, constants.
/// Inputs, outputs and constants are told by their names; nodes too, and those of which that finds
/// no partner by operator and outputs, then by operator and inputs. Of constants of the same type
/// and shape, how many values differ and by how much at most. The order of nodes does not count.
/// Sorted by kind, then as the first model has them, those of the second alone last.
std::vector<OnnxDifference> onnxDifferences(const OnnxModel& first, const OnnxModel& second);

} // namespace gradwright
