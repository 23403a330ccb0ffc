// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gradwright::test {

/// A node test of the ONNX standard as a graph whose values have all their axes as numbers. Inputs
/// of F32 are fed; others are constants.
struct OnnxGeneralTest {
    OpGraph graph;
    std::vector<Tensor> inputs;   ///< of the graph's inputs
    std::vector<Tensor> weights;  ///< of its weights
    std::vector<Tensor> expected; ///< of its outputs, as F32
};

/// Why a node test of a known operator cannot be compared.
struct OnnxGeneralSkip {
    std::string reason;
    bool isFault = false; ///< the graph refused what the standard has
};

/// Nothing where the operator is not one of those that are compared here.
std::optional<std::variant<OnnxGeneralTest, OnnxGeneralSkip>>
loadOnnxGeneralTest(const std::filesystem::path& folder);

} // namespace gradwright::test
