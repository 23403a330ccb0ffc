// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op_graph.h"

#include "engine/support/rng.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

ValueId find(const std::vector<NamedValue>& all, std::string_view name, std::string_view what) {
    const auto found = std::ranges::find(all, name, &NamedValue::name);
    if (found != all.end())
        return found->value;
    std::vector<std::string_view> names;
    for (const auto& named : all)
        names.emplace_back(named.name);
    throw Error("the network has no {} \"{}\"; it has {}", what, name,
                names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
}

/// [rows, columns, …kernel] and, when it is not 0, [bias].
std::vector<Shape> kernelAndBias(std::int64_t rows, std::int64_t columns, const Extents& kernel,
                                 std::size_t axes, std::int64_t bias) {
    std::vector<std::int64_t> dims{rows, columns};
    dims.insert(dims.end(), kernel.begin(), kernel.begin() + axes);
    std::vector<Shape> shapes{Shape(std::move(dims))};
    if (bias > 0)
        shapes.push_back({bias});
    return shapes;
}

} // namespace

ValueId OpGraph::addInput(std::string name, ValueType type) {
    const ValueId id{static_cast<std::uint32_t>(values_.size())};
    values_.push_back({std::move(type), name, {}});
    inputs_.push_back({std::move(name), id});
    return id;
}

WeightId OpGraph::addWeight(WeightSpec spec) {
    const WeightId id{static_cast<std::uint32_t>(weights_.size())};
    weights_.push_back(std::move(spec));
    return id;
}

ValueId OpGraph::add(OpAttributes attributes, std::vector<ValueId> inputs, std::string path,
                     std::vector<WeightId> weights) {
    std::vector<ValueType> types;
    for (const auto input : inputs)
        types.push_back(type(input));
    auto outputType = inferType(attributes, types);
    const auto expected = weightShapes(attributes, types);
    if (expected.size() != weights.size())
        throw Error("{} at {} takes {} weights, not {}", nameOf(attributes), path, expected.size(),
                    weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i)
        if (weight(weights[i]).shape != expected[i])
            throw Error("{} at {} takes a weight of shape {}, not {}", nameOf(attributes), path,
                        toString(expected[i]), toString(weight(weights[i]).shape));

    const ValueId output{static_cast<std::uint32_t>(values_.size())};
    values_.push_back({std::move(outputType), path, ops_.size()});
    ops_.push_back(
        {std::move(attributes), std::move(inputs), std::move(weights), output, std::move(path)});
    return output;
}

void OpGraph::addOutput(std::string name, ValueId value) {
    outputs_.push_back({std::move(name), value});
}

void OpGraph::setOutputs(std::vector<NamedValue> outputs) {
    outputs_ = std::move(outputs);
}

void OpGraph::addLoss(ValueId perSample, double weight) {
    if (type(perSample).shape != Shape{1})
        throw Error("a loss must be one number a sample, not {}", toString(type(perSample).shape));
    losses_.push_back({perSample, weight});
}

const Op* OpGraph::producerOf(ValueId id) const {
    const auto producer = value(id).producer;
    return producer ? &ops_[*producer] : nullptr;
}

ValueId OpGraph::input(std::string_view name) const {
    return find(inputs_, name, "input");
}
ValueId OpGraph::output(std::string_view name) const {
    return find(outputs_, name, "output");
}

std::vector<ValueType> OpGraph::inputTypes(const Op& op) const {
    std::vector<ValueType> types;
    types.reserve(op.inputs.size());
    for (const auto input : op.inputs)
        types.push_back(type(input));
    return types;
}

std::int64_t OpGraph::operationsOf(const Op& op) const {
    const auto macs = macsOf(op.attributes, inputTypes(op));
    return macs > 0 ? 2 * macs : type(op.output).shape.elements();
}

std::int64_t OpGraph::elementsAround(const Op& op) const {
    auto sum = type(op.output).shape.elements();
    for (const auto input : op.inputs)
        sum += type(input).shape.elements();
    return sum;
}

std::int64_t OpGraph::parameters() const {
    std::int64_t sum = 0;
    for (const auto& spec : weights_)
        sum += spec.trainable ? spec.shape.elements() : 0;
    return sum;
}

std::int64_t OpGraph::macs() const {
    std::int64_t sum = 0;
    for (const auto& op : ops_)
        sum += macsOf(op.attributes, inputTypes(op));
    return sum;
}

std::vector<Shape> weightShapes(const OpAttributes& attributes, std::span<const ValueType> inputs) {
    return std::visit(
        Overloaded{
            [&](const ConvOp& op) {
                const auto& in = inputs[0].shape;
                return kernelAndBias(op.outChannels, in[0] / op.groups, op.kernel, in.rank() - 1,
                                     op.bias ? op.outChannels : 0);
            },
            [&](const ConvTransposeOp& op) {
                const auto& in = inputs[0].shape;
                return kernelAndBias(in[0], op.outChannels / op.groups, op.kernel, in.rank() - 1,
                                     op.bias ? op.outChannels : 0);
            },
            [&](const DenseOp& op) {
                const auto& in = inputs[0].shape;
                return kernelAndBias(op.units, in[in.rank() - 1], {}, 0, op.bias ? op.units : 0);
            },
            [&](const NormalizeOp& op) {
                const auto& in = inputs[0].shape;
                const Shape shape =
                    op.perChannel
                        ? Shape{in[0]}
                        : Shape(std::vector<std::int64_t>(
                              in.begin() + static_cast<std::ptrdiff_t>(op.axis), in.end()));
                return std::vector<Shape>((op.scale ? 1U : 0U) + (op.shift ? 1U : 0U), shape);
            },
            [&](const EmbeddingOp& op) {
                return std::vector<Shape>{{op.vocabulary, op.dimensions}};
            },
            [&](const PositionOp& op) {
                return op.learned ? std::vector<Shape>{inputs[0].shape} : std::vector<Shape>{};
            },
            [&](const RecurrentOp& op) {
                const auto rows = gatesOf(op.cell) * op.units;
                std::vector<Shape> shapes{{rows, inputs[0].shape[1]}, {rows, op.units}};
                if (op.bias)
                    shapes.insert(shapes.end(), 2, Shape{rows});
                return shapes;
            },
            [&](const BatchNormOp&) { return std::vector<Shape>(4, Shape{inputs[0].shape[0]}); },
            [&](const PreluOp& op) {
                return std::vector<Shape>{{op.perChannel ? inputs[0].shape[0] : 1}};
            },
            [](const auto&) { return std::vector<Shape>{}; },
        },
        attributes);
}

void dropoutKeeps(const DropoutOp& op, std::uint64_t seed, std::uint64_t step,
                  std::span<std::uint8_t> keep, std::uint64_t first) {
    // Below 2^32 the threshold is exact to 2^-32; a rate of 0 keeps everything.
    const auto threshold = static_cast<std::uint64_t>(op.rate * 0x1.0p32);
    // A step owns 2^40 counters, more than any batch has elements; after 2^24 steps they repeat.
    first += step << 40;
    const Rng rng(seed, RngStream::Dropout, op.stream);
    std::array<std::uint32_t, 1024> random{};
    for (std::size_t done = 0; done < keep.size(); done += random.size()) {
        const auto count = std::min(random.size(), keep.size() - done);
        rng.fill(first + done, std::span(random).first(count));
        for (std::size_t i = 0; i < count; ++i)
            keep[done + i] = random[i] >= threshold ? 1 : 0;
    }
}

} // namespace gradwright
