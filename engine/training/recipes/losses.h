// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"
#include "engine/support/param.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What a loss compares a prediction with.
enum class TargetKind {
    ClassIndex, ///< the number of the right class
    Values      ///< numbers of the prediction's shape; a class becomes a one-hot vector
};

/// What the loss does to a prediction before it compares. Where the network's last op is that very
/// function, the loss takes what enters it; where it is not, prediction appends it.
enum class Head {
    None,    ///< compares the output as it is
    Softmax, ///< takes logits
    Sigmoid, ///< takes logits, each for itself
    Step     ///< takes the sums that the perceptrons decide by
};

/// A loss in terms of ops.
struct LossDef {
    std::string key;
    std::string title;
    std::string doc;
    ParamSpecs params;
    Head head;
    TargetKind target;
    /// Appends the ops that make the per-sample loss of shape {1}; `target` is a class index, or
    /// values of the prediction's shape. Throws Error when the shapes do not fit.
    ValueId (*lower)(OpGraph&, ValueId prediction, ValueId target, const Params&,
                     const std::string& path);
};

/// In the order in which lists show them.
const std::vector<LossDef>& losses();
/// Throws Error naming the known keys.
const LossDef& loss(std::string_view key);

} // namespace gradwright
