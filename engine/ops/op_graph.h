// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/fake_quantize.h"
#include "engine/ops/initializer.h"
#include "engine/ops/op.h"
#include "engine/support/id.h"
#include "engine/tensor/tensor.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

using ValueId = Id<struct ValueTag>;
using WeightId = Id<struct WeightTag>;

/// A learned (or, when not trainable, tracked) tensor. `key` is its path, e.g.
/// "stage2/1/conv1/weight"; shapes are plain row-major ones (OIHW, [out, in]).
struct WeightSpec {
    std::string key;
    Shape shape;
    Initializer initializer;
    WeightFans fans;
    bool trainable = true;
    double rateFactor = 1.0;                  ///< times the learning rate; 0 freezes it
    std::optional<WeightRounding> rounding{}; ///< ops read it rounded so

    /// Whether training moves it along a gradient.
    [[nodiscard]] bool learns() const { return trainable && rateFactor > 0; }
};

/// Where a value comes from.
struct Source {
    OpId op;                ///< the op that makes it, …
    std::size_t output = 0; ///< … as this one of its outputs
    bool operator==(const Source&) const = default;
};

struct Value {
    ValueType type;
    std::string path{};                       ///< of the layer it comes from
    std::optional<Source> source{};           ///< none for inputs, weights and constants
    std::optional<WeightId> weight{};         ///< whose value it is
    std::optional<ValueId> gradientOf{};      ///< the value that it is (a part of) the gradient of
    std::shared_ptr<const Tensor> constant{}; ///< row-major, of the type's shape
};

struct Op {
    OpId id; ///< stays the same while ops around it come and go
    OpAttributes attributes;
    std::vector<ValueId> inputs{};
    std::vector<WeightId> weights{};
    std::vector<ValueId> outputs{};
    std::string path{};      ///< of the layer it comes from, for reports and errors
    bool isBackward = false; ///< part of the gradient, after all of the forward pass

    [[nodiscard]] ValueId output() const { return outputs[0]; }
};

/// An input of an op that reads a value.
struct Use {
    std::size_t op; ///< its place in ops()
    std::size_t input;
    bool operator==(const Use&) const = default;
};

/// Ops that follow each other, and the op that takes their place.
struct OpRun {
    std::size_t first, last; ///< by place; `last` is the one behind them
    OpAttributes attributes;
    std::vector<ValueId> inputs, outputs;
    std::string path;
};

/// What the ops of a path are together in another format, which can be written back as it was.
struct Origin {
    std::string path;
    std::string what; ///< as the layer of that path says it
    std::vector<ValueId> inputs, outputs;
};

struct NamedValue {
    std::string name;
    ValueId value;
};

/// A per-sample loss N×1; the objective is the weighted mean over the batch, summed.
struct LossTerm {
    ValueId perSample;
    double weight = 1.0;
};

/// What the outputs of a step are compared with, to score it beside its losses.
struct ScoreSpec {
    ValueId output;       ///< an output of the graph: logits, predictions
    ValueId target;       ///< an input of the graph: classes (I32) or target values
    bool isLogit = false; ///< target values are compared with the sigmoid of the output
    bool operator==(const ScoreSpec&) const = default;
};

/// The derivative of the objective with respect to a weight, as a value of its shape.
struct WeightGradient {
    WeightId weight;
    ValueId value;
};

/// What a network computes, without saying how: ops in topological order over values. The input of
/// Backend::compile, and what passes work on: values keep their numbers in all edits.
class OpGraph {
public:
    /// Adds an input that is fed with each batch.
    ValueId addInput(std::string name, ValueType type);
    /// Forgets an input. Throws Error when it is read.
    void removeInput(ValueId id);
    WeightId addWeight(WeightSpec spec);
    void setRounding(WeightId id, std::optional<WeightRounding> how) {
        weights_[id.index()].rounding = how;
    }
    /// The weight as a value that ops take as an input; the same one each time.
    ValueId weightValue(WeightId id);
    ValueId addConstant(Tensor values, std::string path);
    /// The value of an op becomes a constant: nothing depends on the op through it any more. Throws
    /// Error unless the shapes agree.
    void setConstant(ValueId id, Tensor values);
    /// Appends an op with one output, inferring its type. Throws Error when inputs or weights do
    /// not fit.
    ValueId add(OpAttributes attributes, std::vector<ValueId> inputs, std::string path,
                std::vector<WeightId> weights = {});
    /// The same for an op of several outputs, in front of the op at `place` (ops().size(): at the
    /// end). Its inputs must be made before it.
    std::vector<ValueId> insert(std::size_t place, OpAttributes attributes,
                                std::vector<ValueId> inputs, std::string path,
                                std::vector<WeightId> weights = {});
    void addOutput(std::string name, ValueId value);
    void setOutputs(std::vector<NamedValue> outputs);
    void addLoss(ValueId perSample, double weight);
    void clearLosses() { losses_.clear(); }
    void setScore(std::optional<ScoreSpec> score) { score_ = score; }
    void addOrigin(Origin origin) { origins_.push_back(std::move(origin)); }
    void setOrigins(std::vector<Origin> origins) { origins_ = std::move(origins); }
    /// The value becomes the weight's gradient, in the place of the one that it had. Throws Error
    /// unless it has the weight's shape.
    void setGradient(WeightId id, ValueId value);

    void setGradientOf(ValueId gradient, ValueId value);
    /// The ops from that place on are the backward pass.
    void setBackward(std::size_t from);

    /// All that reads `from`, outputs, losses and gradients included, reads `to`. Throws Error when
    /// the types differ or `to` is made after a reader.
    void replaceUses(ValueId from, ValueId to);
    /// Another op in the place of the one there, with the same outputs. Throws Error when their
    /// types change or an input is made later.
    void replace(std::size_t place, OpAttributes attributes, std::vector<ValueId> inputs,
                 std::vector<WeightId> weights = {});
    /// Brings the ops into another order, given by their places. Throws Error when one would read
    /// what is made after it, or the backward pass would not come last.
    void reorder(const std::vector<std::size_t>& order);
    /// The ops of each run become one that makes `outputs`: values that they made, under the
    /// numbers that these have. Runs come in order. Throws Error when types change, an input is
    /// made later, a run is of both passes, or something else reads what is not made any more.
    void merge(std::vector<OpRun> runs);
    /// Takes ops away, by place. Throws Error when something that stays reads what they make.
    void remove(const std::vector<bool>& ops);
    /// Forgets weights that no op and no result reads; others get new numbers. Returns the old
    /// numbers of those that stay, in their new order.
    std::vector<WeightId> removeUnreadWeights();
    /// Names that have a number in `lengths` become that number, in all values and ops.
    void bind(const Lengths& lengths);

    [[nodiscard]] const std::vector<Value>& values() const { return values_; }
    [[nodiscard]] const std::vector<Op>& ops() const { return ops_; }
    [[nodiscard]] const std::vector<WeightSpec>& weights() const { return weights_; }
    [[nodiscard]] const std::vector<NamedValue>& inputs() const { return inputs_; }
    [[nodiscard]] const std::vector<NamedValue>& outputs() const { return outputs_; }
    [[nodiscard]] const std::vector<LossTerm>& losses() const { return losses_; }
    [[nodiscard]] const std::optional<ScoreSpec>& score() const { return score_; }
    /// In order. Their values keep up with replaceUses(); they do not keep ops from being removed.
    [[nodiscard]] const std::vector<Origin>& origins() const { return origins_; }
    /// After differentiate(); none before.
    [[nodiscard]] const std::vector<WeightGradient>& gradients() const { return gradients_; }

    [[nodiscard]] const Value& value(ValueId id) const { return values_[id.index()]; }
    [[nodiscard]] const ValueType& type(ValueId id) const { return value(id).type; }
    [[nodiscard]] const WeightSpec& weight(WeightId id) const { return weights_[id.index()]; }
    /// The place of the first op of the backward pass, or ops().size().
    [[nodiscard]] std::size_t backwardBegin() const;
    /// Its place in ops(), or nothing where it has been removed.
    [[nodiscard]] std::optional<std::size_t> placeOf(OpId id) const;
    /// The place of the op that makes the value.
    [[nodiscard]] std::optional<std::size_t> producerPlace(ValueId id) const;
    /// The op that makes the value, or nullptr.
    [[nodiscard]] const Op* producerOf(ValueId id) const;
    /// The inputs of ops that read the value, in order.
    [[nodiscard]] std::vector<Use> usesOf(ValueId id) const;
    /// Whether an output, a loss or a gradient of the graph is this value.
    [[nodiscard]] bool isResult(ValueId id) const;
    /// By place: the ops that the values depend on.
    [[nodiscard]] std::vector<bool> opsBehind(const std::vector<ValueId>& values) const;
    /// The named input or output. Throws Error naming those that exist.
    [[nodiscard]] ValueId input(std::string_view name) const;
    [[nodiscard]] ValueId output(std::string_view name) const;
    [[nodiscard]] std::vector<ValueId> lossValues() const;
    [[nodiscard]] Types inputTypes(const Op& op) const;
    /// Floating-point operations per sample: two per MAC; without any, one per element it makes.
    [[nodiscard]] std::int64_t operationsOf(const Op& op) const;
    /// Elements of its inputs and its outputs, per sample.
    [[nodiscard]] std::int64_t elementsAround(const Op& op) const;

    [[nodiscard]] std::int64_t parameters() const; ///< elements of trainable weights, frozen or not
    [[nodiscard]] std::int64_t macs() const;       ///< per sample

private:
    void requireWeights(const OpAttributes& attributes, const Types& types,
                        const std::vector<WeightId>& weights, std::string_view path) const;
    void requireMadeBefore(std::size_t place, const std::vector<ValueId>& inputs,
                           std::string_view path) const;
    void requireMergeable(const OpRun& run) const;
    void requireUnread(const std::vector<OpRun>& runs) const;

    std::vector<Value> values_;
    std::vector<Op> ops_;
    std::vector<std::optional<std::size_t>> places_; ///< by OpId
    std::vector<WeightSpec> weights_;
    std::vector<std::optional<ValueId>> weightValues_;
    std::vector<NamedValue> inputs_;
    std::vector<NamedValue> outputs_;
    std::vector<LossTerm> losses_;
    std::optional<ScoreSpec> score_;
    std::vector<Origin> origins_;
    std::vector<WeightGradient> gradients_;
};

} // namespace gradwright
