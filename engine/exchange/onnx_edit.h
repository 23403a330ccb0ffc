// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Changes of an ONNX model, which are made in this order.
struct OnnxEdits {
    /// Values, inputs and outputs included, by their names: what is read as `first` becomes
    /// `second`.
    std::vector<std::pair<std::string, std::string>> renames{};
    /// Nodes by name, or by the name of their first output: their readers read what the node reads
    /// first.
    std::vector<std::string> removedNodes{};
    /// The same nodes under another operator.
    std::vector<std::pair<std::string, std::string>> operators{};
    /// The part between these values; empty: from the inputs, to the outputs.
    std::vector<std::string> from{}, to{};
    /// Values that become outputs as well.
    std::vector<std::string> outputs{};
    /// Lengths that become numbers, by the names of the axes.
    std::map<std::string, std::int64_t> fixed{};
    /// Axes of inputs and outputs that become a name: "x:0" → "batch".
    std::map<std::string, std::string> freed{};
    /// Constants of the model, which keep their shape and element type.
    std::map<std::string, Tensor> constants{};
    std::optional<std::int64_t> opset{};

    [[nodiscard]] bool isNothing() const;
};

/// The model with the changes. All else is as it was, to the bit: what this program does not know
/// of, too. Throws Error naming what is not there, what two things would be called, and what an
/// operator set has in another form; what comes out is a model that readOnnx() reads, without the
/// files of external data.
std::string editOnnx(std::string_view bytes, const OnnxEdits& edits);

} // namespace gradwright
