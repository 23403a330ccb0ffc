// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_import.h"
#include "engine/ops/op_graph.h"
#include "tests/engine/exchange/onnx_evaluator.h"

#include <QString>

#include <cstdint>
#include <map>
#include <onnx_subset.pb.h>
#include <string>
#include <vector>

namespace gradwright::test {

/// The network's outputs by the names that they have in the model, by the reference in FP64, for
/// inputs [batch, …] by the model's names.
std::map<std::string, Tensor> answersOf(const OnnxImport& import,
                                        const std::map<std::string, Tensor>& inputs,
                                        std::int64_t batch);

/// What keeps two graphs from being the same operations on the same weights, from their outputs
/// backwards; empty where nothing does. What inference leaves out does not count.
QString differenceOf(OpGraph a, const Weights& ofA, OpGraph b, const Weights& ofB);

/// The keys of a network's layers with blocks unrolled, but for inputs, outputs and what inference
/// leaves out, and how many of each there are.
std::map<std::string, int> layersOf(const Network& network);

/// A model written node by node, as programs of others write them.
class ModelBuilder {
public:
    explicit ModelBuilder(std::int64_t opset = 17);

    /// F32 [batch, shape…], the batch a dimension called "N".
    std::string input(const std::string& name, const std::vector<std::int64_t>& shape,
                      int type = 1);
    /// The batch of the first input is a number.
    void fixBatch(std::int64_t batch);
    std::string floats(const std::vector<std::int64_t>& shape, const std::vector<float>& values);
    /// Normal numbers, the same for the same shape and place.
    std::string random(const std::vector<std::int64_t>& shape);
    std::string number(float value) { return floats({}, {value}); }
    std::string integers(const std::vector<std::int64_t>& values);
    std::string scalar(std::int64_t value);
    /// Adds a node and returns its first output; the others are called "<first>.2" and on.
    std::string node(const std::string& op, const std::vector<std::string>& inputs,
                     const std::string& name = {}, int outputs = 1);
    // Attributes of the last node.
    ModelBuilder& set(const std::string& name, std::int64_t value);
    ModelBuilder& set(const std::string& name, double value);
    ModelBuilder& set(const std::string& name, const std::string& value);
    ModelBuilder& set(const std::string& name, const std::vector<std::int64_t>& values);
    void output(const std::string& value);

    [[nodiscard]] const onnx_format::ModelProto& proto() const { return model_; }
    [[nodiscard]] onnx_format::ModelProto& proto() { return model_; }
    [[nodiscard]] std::string bytes() const { return model_.SerializeAsString(); }
    [[nodiscard]] OnnxModel read() const { return readOnnx(bytes()); }

private:
    onnx_format::AttributeProto& attribute(const std::string& name);
    onnx_format::TensorProto& tensor(const std::vector<std::int64_t>& shape, int type);

    onnx_format::ModelProto model_;
    int next_ = 0;
};

/// What keeps the layers made of a model from giving what the standard says of it, for random
/// samples; empty where nothing does. `layers` are the layers that there must be; with `nodes`,
/// nodes that no layer stands for are layers, too.
QString importFault(const ModelBuilder& builder, const std::map<std::string, int>& layers,
                    std::int64_t batch = 3, bool nodes = false);

} // namespace gradwright::test
