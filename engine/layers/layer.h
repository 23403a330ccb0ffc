// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/code.h"
#include "engine/ops/op_graph.h"
#include "engine/support/id.h"
#include "engine/support/param.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gradwright {

enum class Category {
    InputOutput,
    Convolution,
    Dense,
    Activation,
    Normalization,
    Pooling,
    Regularization,
    Shape,
    Merge,
    Sequence
};

struct CategoryInfo {
    Category category;
    std::string key;
    std::string title;
};

/// In the order in which the palette shows them.
const std::vector<CategoryInfo>& categories();

// What a layer proposes against a contradiction, as plain data; the graph makes an edit of it.
struct SetParamProposal {
    std::string param;
    ParamValue value;
};
/// Put a layer in front of one of this layer's inputs.
struct InsertLayerProposal {
    PortIndex input;
    std::string layer;
    ParamValues params;
};
struct Proposal {
    std::string title; ///< as a button reads: "Insert Flatten"
    std::variant<SetParamProposal, InsertLayerProposal> action;
};

/// A contradiction: the rule and the received values in the user's words.
struct LayerProblem {
    std::string message;
    std::string param; ///< the parameter at fault; empty when it is the input
    std::vector<Proposal> proposals;
};

/// Known (a shape) or contradiction (a problem). "Not yet known" never reaches a layer: infer() is
/// only called when every input's shape is known.
using Inferred = std::variant<Shape, LayerProblem>;

struct InferContext {
    Params params;
    std::span<const Shape> inputs;
};

/// Where a layer writes its ops and weights.
class LowerContext {
public:
    LowerContext(OpGraph& graph, Params params, std::vector<ValueId> inputs, std::string path)
        : graph_(&graph)
        , params_(params)
        , inputs_(std::move(inputs))
        , path_(std::move(path)) {}

    [[nodiscard]] const Params& params() const { return params_; }
    [[nodiscard]] const std::vector<ValueId>& inputs() const { return inputs_; }
    // By value: the graph moves its values when ops are added.
    [[nodiscard]] Shape inputShape(std::size_t index = 0) const;
    [[nodiscard]] Shape shapeOf(ValueId value) const;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::size_t opCount() const { return graph_->ops().size(); }

    /// Declares "<path>/<name>".
    WeightId weight(std::string_view name, Shape shape, Initializer initializer,
                    WeightFans fans = {}, bool trainable = true);
    /// The weight as an input of ops.
    ValueId value(WeightId weight) { return graph_->weightValue(weight); }
    ValueId op(OpAttributes attributes, std::vector<ValueId> inputs,
               std::vector<WeightId> weights = {});
    ValueId op(OpAttributes attributes) { return op(std::move(attributes), inputs_); }
    /// An op of several outputs on the layer's inputs, which are those of the layer. Returns the
    /// first.
    ValueId severalOutputs(OpAttributes attributes);
    /// The layer's outputs. Returns the first.
    ValueId give(const std::vector<ValueId>& outputs);
    /// For layers whose ops are not known before they are lowered.
    [[nodiscard]] OpGraph& graph() { return *graph_; }
    /// The layer's outputs behind the first.
    [[nodiscard]] const std::vector<ValueId>& further() const { return further_; }

private:
    OpGraph* graph_;
    Params params_;
    std::vector<ValueId> inputs_;
    std::vector<ValueId> further_;
    std::string path_;
};

enum class NormalizationKind { None, OverBatch, WithinSample };

/// What a layer does, as far as advice on networks and their objectives depend on it. Whoever asks
/// reads this and not the layer's key, so that a new layer needs no list elsewhere.
struct LayerTraits {
    /// Outputs are weighted sums of all inputs, as many as the parameter "units", before the
    /// activation.
    bool linear = false;
    /// Gives its input's values on, at most dropped or in another shape, without weights.
    bool passesOn = false;
    /// Sets random values to zero while training.
    bool drops = false;
    /// Inputs keep a way through it on which gradients are not shrunk, and their sizes must agree.
    bool shortcut = false;
    /// Inputs lie one after the other in the output, so that their channels need not agree.
    bool joins = false;
    /// Makes probabilities of class scores, as the head of a classifier does.
    bool head = false;
    NormalizationKind normalization = NormalizationKind::None;
    /// Of how many values each mean is that the layer subtracts, for inputs that infer() accepts;
    /// null: it subtracts none, or means over the batch.
    std::int64_t (*valuesPerMean)(const InferContext&) = nullptr;
};

/// The outputs of a layer that has several.
struct SeveralOutputs {
    /// How many, whatever the values are.
    std::size_t (*count)(const ParamValues&) = nullptr;
    /// The shapes of all outputs, for inputs that infer() accepts, which returns the first.
    std::vector<Shape> (*shapes)(const InferContext&) = nullptr;
};

/// Everything there is to know of a layer, declared once. Palette, inspector, validation, files,
/// command line, parameter and MAC counts and the contract test follow from it. Adding one is a
/// file that defines it and a line in catalog.cpp.
struct LayerDef {
    std::string key;   ///< what files hold: "conv2d"
    std::string title; ///< what people read: "Conv 2D"
    Category category;
    std::string doc;          ///< what it does, in a sentence or two
    std::string formula = {}; ///< may be empty
    std::string source = {};  ///< paper or document; may be empty
    std::size_t minInputs = 1;
    std::size_t maxInputs = 1;
    bool hasOutput = true;
    SeveralOutputs several = {}; ///< null: one output, or none
    bool insideBlocksOnly = false;
    /// lower() makes weights that learn; the catalog then adds learningParams() to the params.
    bool hasWeights = false;
    LayerTraits traits = {};
    ParamSpecs params = {};
    /// The output's shape; for a layer without output, the shape it takes.
    Inferred (*infer)(const InferContext&) = nullptr;
    /// Writes ops and weights, given shapes that infer() accepted. Null for layers that the graph
    /// itself resolves: inputs and outputs.
    ValueId (*lower)(LowerContext&) = nullptr;
    /// The layer in PyTorch, and in Keras as an expression of a functional model, where images are
    /// rows × columns × channels. Null where lower() is.
    PyTorchCode (*pytorch)(const CodeContext&) = nullptr;
    std::string (*keras)(const CodeContext&) = nullptr;
    /// Of layers with weights alone.
    KerasWeights kerasWeights = {};
    /// A heading with the key parameters, "Conv 3×3×32"; null for the title alone.
    std::string (*label)(const Params&) = nullptr;

    [[nodiscard]] std::size_t outputs(const ParamValues& values) const {
        return several.count ? several.count(values) : hasOutput ? 1 : 0;
    }
};

std::string labelOf(const LayerDef& layer, const ParamValues& params);

} // namespace gradwright
