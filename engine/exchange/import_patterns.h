// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/fold_values.h"
#include "engine/exchange/onnx_model.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gradwright {

/// What exporters write as several nodes.
enum class PatternKind {
    Gelu,
    GeluTanh,
    Silu,
    HardSwish,
    HardSigmoid,
    Mish,
    Step,
    LayerNorm,
    RmsNorm,
    Zeros,
    LocalResponseNorm,
    Attention
};

struct Pattern {
    PatternKind kind = PatternKind::Gelu;
    std::string input;
    const OnnxNode* last = nullptr; ///< the node whose output it makes
    std::set<const OnnxNode*> nodes{};
    std::vector<double> numbers{};        ///< as the kind needs them
    std::vector<std::int64_t> axes{};     ///< of means
    std::vector<const OnnxNode*> parts{}; ///< as the kind needs them
    bool flag = false;
};

/// By the last node.
using FoundPatterns = std::map<const OnnxNode*, Pattern>;

/// The graph as patterns are looked for in it.
struct PatternGraph {
    const OnnxModel& model;
    const std::map<std::string, std::vector<const OnnxNode*>, std::less<>>& readers;
    const std::set<std::string, std::less<>>& outputs;
    const std::map<std::string, FoldedValue, std::less<>>& folded;
};

/// Patterns that share no node: of two that would, the one that begins first.
FoundPatterns findPatterns(const PatternGraph& graph);

} // namespace gradwright
