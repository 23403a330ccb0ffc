// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/wire_message.h"
#include "engine/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gradwright {

/// Another value of a node's attribute.
struct OnnxAttributeEdit {
    std::string node;
    std::string attribute;
    /// 1, 0.5, linear, [0, 2, 1] or ["a", "b"], as the attribute's type wants it. Of an attribute
    /// that the node lacks, the text decides the type: 1.0 is a real number, and "1" in quotes a
    /// text. Empty: the attribute goes.
    std::string value;
};

/// Changes of an ONNX model, which are made in this order.
struct OnnxEdits {
    /// Values, inputs and outputs included, by their names: what is read as `first` becomes
    /// `second`.
    std::vector<std::pair<std::string, std::string>> renames{};
    /// Names of axes, wherever they are: "N" becomes "batch".
    std::vector<std::pair<std::string, std::string>> renamedAxes{};
    /// Nodes by name, or by the name of their first output: their readers read what the node reads
    /// first.
    std::vector<std::string> removedNodes{};
    /// The same nodes under another operator.
    std::vector<std::pair<std::string, std::string>> operators{};
    std::vector<OnnxAttributeEdit> attributes{};
    /// These nodes alone, with the constants that they read: what they read of others becomes an
    /// input, what others read of them an output. See onnxPart().
    std::vector<std::string> keptNodes{};
    /// The part between these values; empty: from the inputs, to the outputs.
    std::vector<std::string> from{}, to{};
    /// Values that become outputs as well.
    std::vector<std::string> outputs{};
    /// Lengths that become numbers, by the names of the axes.
    std::map<std::string, std::int64_t> fixed{};
    /// Axes of inputs and outputs that become a name: "x:0" → "batch"; an empty one leaves the
    /// length open.
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

/// The same on a model that was parsed. After an Error it is changed in part.
void editOnnx(WireMessage& model, const OnnxEdits& edits);

struct OnnxWritten {
    std::size_t nodes = 0;
    /// Files of external data that the model reads from its folder and that are not there.
    std::vector<std::string> missing{};
};

/// Reads a model that was edited once, as whoever opens it will, and writes it. `from` is the file
/// that it was made of, beside which its files of external data lie. Returns nothing when stopped;
/// then nothing is written. Throws Error as readOnnx() and writeFileAtomically() do.
std::optional<OnnxWritten> writeEditedOnnx(std::string_view bytes,
                                           const std::filesystem::path& from,
                                           const std::filesystem::path& to,
                                           const std::stop_token& stop = {});

} // namespace gradwright
