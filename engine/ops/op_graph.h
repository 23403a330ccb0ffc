// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/initializer.h"
#include "engine/ops/op.h"
#include "engine/support/id.h"

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
    double rateFactor = 1.0; ///< times the learning rate; 0 freezes it

    /// Whether training moves it along a gradient.
    [[nodiscard]] bool learns() const { return trainable && rateFactor > 0; }
};

struct Value {
    ValueType type;
    std::string path;                    ///< of the layer it comes from
    std::optional<std::size_t> producer; ///< index of the op; none for inputs of the graph
};

struct Op {
    OpAttributes attributes;
    std::vector<ValueId> inputs;
    std::vector<WeightId> weights;
    ValueId output;
    std::string path; ///< of the layer it comes from, for reports and errors
};

struct NamedValue {
    std::string name;
    ValueId value;
};

/// A per-sample loss of shape {1}; the objective is the weighted mean over the batch, summed.
struct LossTerm {
    ValueId perSample;
    double weight = 1.0;
};

/// What a network computes, without saying how: ops in topological order over values that leave the
/// batch out. A value; the input of Backend::compile.
class OpGraph {
public:
    /// Adds an input that is fed with each batch.
    ValueId addInput(std::string name, ValueType type);
    WeightId addWeight(WeightSpec spec);
    /// Appends an op, inferring its output. Throws Error when inputs or weights do not fit.
    ValueId add(OpAttributes attributes, std::vector<ValueId> inputs, std::string path,
                std::vector<WeightId> weights = {});
    void addOutput(std::string name, ValueId value);
    void setOutputs(std::vector<NamedValue> outputs);
    void addLoss(ValueId perSample, double weight);

    [[nodiscard]] const std::vector<Value>& values() const { return values_; }
    [[nodiscard]] const std::vector<Op>& ops() const { return ops_; }
    [[nodiscard]] const std::vector<WeightSpec>& weights() const { return weights_; }
    [[nodiscard]] const std::vector<NamedValue>& inputs() const { return inputs_; }
    [[nodiscard]] const std::vector<NamedValue>& outputs() const { return outputs_; }
    [[nodiscard]] const std::vector<LossTerm>& losses() const { return losses_; }

    [[nodiscard]] const Value& value(ValueId id) const { return values_[id.index()]; }
    [[nodiscard]] const ValueType& type(ValueId id) const { return value(id).type; }
    [[nodiscard]] const WeightSpec& weight(WeightId id) const { return weights_[id.index()]; }
    /// The op that makes the value, or nullptr for an input.
    [[nodiscard]] const Op* producerOf(ValueId id) const;
    /// The named input or output. Throws Error naming those that exist.
    [[nodiscard]] ValueId input(std::string_view name) const;
    [[nodiscard]] ValueId output(std::string_view name) const;
    [[nodiscard]] std::vector<ValueType> inputTypes(const Op& op) const;
    /// Floating-point operations for one sample: two a MAC; without any, one an element it makes.
    [[nodiscard]] std::int64_t operationsOf(const Op& op) const;
    /// Elements of its inputs and its output, for one sample.
    [[nodiscard]] std::int64_t elementsAround(const Op& op) const;

    [[nodiscard]] std::int64_t parameters() const; ///< elements of trainable weights, frozen or not
    [[nodiscard]] std::int64_t macs() const;       ///< for one sample

private:
    std::vector<Value> values_;
    std::vector<Op> ops_;
    std::vector<WeightSpec> weights_;
    std::vector<NamedValue> inputs_;
    std::vector<NamedValue> outputs_;
    std::vector<LossTerm> losses_;
};

/// The shapes of an op's weights in order, e.g. kernel and bias.
std::vector<Shape> weightShapes(const OpAttributes& attributes, std::span<const ValueType> inputs);

/// Which elements a dropout op keeps at a step: keep[i] = 1 or 0 for element i of the row-major
/// [batch, …] tensor, of [batch, axis 0] when it decides for channels. The same on every backend. A
/// piece of it: element `first` (a multiple of 4) on.
void dropoutKeeps(const DropoutOp& op, std::uint64_t seed, std::uint64_t step,
                  std::span<std::uint8_t> keep, std::uint64_t first = 0);

/// The noise of a step for elements `first` (a multiple of 4) on of the row-major [batch, …]
/// tensor. The same on every backend.
void gaussianNoise(const GaussianNoiseOp& op, std::uint64_t seed, std::uint64_t step,
                   std::span<float> noise, std::uint64_t first = 0);

} // namespace gradwright
