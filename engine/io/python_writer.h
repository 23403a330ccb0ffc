// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/ops/op_graph.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

// What the writers of PyTorch and Keras share.

/// A layer that takes part, or an input of the network.
struct PythonNode {
    const FlatNode* node;
    std::string name;                ///< an identifier that nothing else in the file has
    std::vector<std::string> inputs; ///< the variables that feed it
    std::vector<Shape> shapes;       ///< of these
    Shape output;
    std::vector<std::string> weights; ///< their keys in a weights file, in order

    [[nodiscard]] CodeContext code() const {
        return {Params(node->layer->params, node->params), shapes, inputs, name};
    }
};

/// A network with its blocks unrolled, without what reaches no output, each layer after what feeds
/// it. Every result is in a variable of its layer's name.
class PythonNetwork {
public:
    /// Throws Error with the reasons when the network cannot run.
    explicit PythonNetwork(const Network& network);
    PythonNetwork(const PythonNetwork&) = delete;
    PythonNetwork& operator=(const PythonNetwork&) = delete;

    [[nodiscard]] const std::vector<PythonNode>& inputs() const { return inputs_; }
    [[nodiscard]] const std::vector<PythonNode>& layers() const { return layers_; }
    [[nodiscard]] const std::vector<std::string>& outputs() const { return outputs_; }

    [[nodiscard]] std::string inputNames() const; ///< "image, mask"
    /// What a function of the network returns: one variable or several in parentheses.
    [[nodiscard]] std::string result() const;
    /// "image 1×28×28 → digit 10, 61,706 parameters."
    [[nodiscard]] std::string description() const;

private:
    void add(std::size_t index);

    Analysis analysis_;
    OpGraph ops_;
    std::vector<std::string> names_;     ///< of every flat node that takes part
    std::vector<std::string> variables_; ///< where its result is
    std::vector<PythonNode> inputs_;
    std::vector<PythonNode> layers_;
    std::vector<std::string> outputs_;
    std::vector<std::string> ends_; ///< "digit 10"
};

/// A tuple as Python writes it: "(1, 28, 28)", "(784,)".
std::string pythonTuple(const std::vector<std::int64_t>& values);

} // namespace gradwright
