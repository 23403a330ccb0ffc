// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gradwright::test {

/// A case of ONNX's own node tests (Debian's libonnx-testdata): a model of one node with the inputs
/// it gets and the outputs it must give.
struct OnnxNodeTest {
    std::string opType;
    std::map<std::string, double> numbers;      ///< attributes that are an integer or a real
    std::map<std::string, std::string> strings; ///< attributes that are text
    std::vector<Tensor> inputs;                 ///< F32 or I64 (class indices)
    std::vector<Tensor> outputs;

    [[nodiscard]] double number(const std::string& name, double defaultValue) const;
    [[nodiscard]] std::string string(const std::string& name,
                                     const std::string& defaultValue) const;
};

/// The cases whose name begins so, sorted; none where the package is not installed.
std::vector<std::string> onnxNodeTests(const std::string& beginning);
/// Nothing where the model has more than one node.
std::optional<OnnxNodeTest> readOnnxNodeTest(const std::string& name);

} // namespace gradwright::test
