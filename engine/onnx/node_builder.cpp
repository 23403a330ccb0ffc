// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include "engine/ops/shape_values.h"

#include <numeric>

namespace gradwright {
namespace {

constexpr std::int64_t kMostSamples = 64; ///< that are computed one after the other

Tensor indexOfFirst() {
    return Tensor(DType::I64, {});
}

/// Whether the op takes entry 0 of the first axis.
bool takesFirst(const OpGraph& graph, const Op& op) {
    const auto* gather = std::get_if<GatherOp>(&op.attributes);
    if (!gather || gather->axis != 0)
        return false;
    const auto& index = graph.value(op.inputs[1]).constant;
    return index && *index == indexOfFirst();
}

Dims withoutFirst(const Dims& dims) {
    return Dims(std::vector<Dim>(dims.begin() + 1, dims.end()));
}

Dims withFirst(const Dim& first, const Dims& dims) {
    std::vector<Dim> longer{first};
    longer.insert(longer.end(), dims.begin(), dims.end());
    return Dims(std::move(longer));
}

} // namespace

ValueId ofFirstSample(OpGraph& graph, ValueId x, const std::string& path) {
    const auto& dims = graph.type(x).dims;
    if (const auto* maker = graph.producerOf(x);
        maker && std::holds_alternative<ExpandOp>(maker->attributes) &&
        graph.type(maker->inputs[0]).dims == withoutFirst(dims))
        return maker->inputs[0];
    return graph.add(GatherOp{0}, {x, graph.addConstant(indexOfFirst(), path)}, path);
}

ValueId forEachSample(OpGraph& graph, ValueId x, const std::string& path) {
    if (const auto* maker = graph.producerOf(x);
        maker && takesFirst(graph, *maker) && graph.type(maker->inputs[0]).dims.rank() > 0 &&
        graph.type(maker->inputs[0]).dims[0] == Dim::batch())
        return maker->inputs[0];
    return graph.add(ExpandOp{withFirst(Dim::batch(), graph.type(x).dims)}, {x}, path);
}

std::map<std::string, OnnxOperand, std::less<>> NodeBuilder::captured() const {
    std::map<std::string, OnnxOperand, std::less<>> all;
    for (std::size_t i = 0; i < captured_.size(); ++i)
        all.emplace(captured_[i], operands_[node_.inputs.size() + i]);
    return all;
}

ValueId NodeBuilder::in(std::size_t input) {
    if (!has(input))
        throw Error("it lacks its input {}", input + 1);
    const auto& operand = operands_[input];
    if (operand.value)
        return *operand.value;
    if (!operand.weights.empty())
        return graph_.weightValue(operand.weights.front());
    if (!added_[input])
        added_[input] = constant(*operand.constant);
    return *added_[input];
}

std::vector<ValueId> NodeBuilder::all() {
    std::vector<ValueId> values;
    for (std::size_t i = 0; i < count(); ++i)
        if (has(i))
            values.push_back(in(i));
    return values;
}

Shape NodeBuilder::shape(std::size_t input) {
    return shapeOf(in(input), "input");
}

Shape NodeBuilder::shapeOf(ValueId value, std::string_view what) const {
    const auto& dims = graph_.type(value).dims;
    std::vector<std::int64_t> lengths;
    for (const auto& dim : dims) {
        if (!dim.isNumber())
            throw Error("its {} is {}, and its lengths must be numbers", what, toString(dims));
        lengths.push_back(dim.number());
    }
    return Shape(std::move(lengths));
}

bool NodeBuilder::isKnown(std::size_t input) const {
    if (!has(input))
        return false;
    const auto& operand = operands_[input];
    if (operand.constant)
        return true;
    if (!operand.value)
        return false;
    const auto lengths = knownLengths(graph_, *operand.value);
    return lengths && std::ranges::all_of(*lengths, [](const Dim& dim) { return dim.isNumber(); });
}

Tensor NodeBuilder::known(std::size_t input, std::string_view what) const {
    if (!has(input))
        throw Error("it lacks its {}", what);
    const auto& operand = operands_[input];
    if (operand.constant)
        return *operand.constant;
    if (!isKnown(input))
        throw Error("its {} is computed from the sample, and has to be constant", what);
    std::vector<std::int64_t> numbers;
    const auto lengths = knownLengths(graph_, *operand.value);
    for (const auto& dim : *lengths)
        numbers.push_back(dim.number());
    auto shape = shapeOf(*operand.value, what);
    return Tensor::of<std::int64_t>(std::move(shape), numbers);
}

std::vector<std::int64_t> NodeBuilder::integers(std::size_t input, std::string_view what) const {
    const auto values = known(input, what).to(DType::I64);
    const auto span = values.span<std::int64_t>();
    return {span.begin(), span.end()};
}

std::vector<double> NodeBuilder::numbers(std::size_t input, std::string_view what) const {
    const auto values = known(input, what).to(DType::F64);
    const auto span = values.span<double>();
    return {span.begin(), span.end()};
}

double NodeBuilder::number(std::size_t input, std::string_view what, double otherwise) const {
    if (!has(input))
        return otherwise;
    const auto values = numbers(input, what);
    if (values.size() != 1)
        throw Error("its {} is {} numbers, not one", what, values.size());
    return values[0];
}

std::optional<std::vector<std::int64_t>> NodeBuilder::attributeOrInput(std::string_view attribute,
                                                                       std::size_t input) const {
    if (has(input))
        return integers(input, attribute);
    if (node_.has(attribute))
        return node_.integers(attribute);
    return {};
}

std::size_t NodeBuilder::axisOf(std::int64_t axis, std::size_t rank) {
    const auto all = static_cast<std::int64_t>(rank);
    const auto found = axis < 0 ? axis + all : axis;
    if (found < 0 || found >= all)
        throw Error("there is no axis {} of {}", axis, rank);
    return static_cast<std::size_t>(found);
}

ValueId NodeBuilder::op(OpAttributes attributes, std::vector<ValueId> inputs,
                        std::vector<WeightId> weights) {
    return graph_.add(std::move(attributes), std::move(inputs), path_, std::move(weights));
}

std::vector<ValueId> NodeBuilder::ops(OpAttributes attributes, std::vector<ValueId> inputs,
                                      std::vector<WeightId> weights) {
    return graph_.insert(graph_.ops().size(), std::move(attributes), std::move(inputs), path_,
                         std::move(weights));
}

ValueId NodeBuilder::constant(Tensor values) {
    if (values.elements() == 0)
        throw Error("a constant has no elements, and such values are not computed");
    return graph_.addConstant(std::move(values), path_);
}

std::span<const float> NodeBuilder::one(double value) {
    thread_local float number = 0;
    number = static_cast<float>(value);
    return {&number, 1};
}

ValueId NodeBuilder::integer(std::int64_t value) {
    return constant(Tensor::of<std::int64_t>({}, std::span(&value, 1)));
}

ValueId NodeBuilder::cast(ValueId x, DType type) {
    return graph_.type(x).element == type ? x : op(CastOp{type}, {x});
}

ValueId NodeBuilder::reshape(ValueId x, Dims dims) {
    return graph_.type(x).dims == dims ? x : op(ReshapeOp{std::move(dims)}, {x});
}

ValueId NodeBuilder::permute(ValueId x, std::vector<std::int64_t> axes) {
    return std::ranges::is_sorted(axes) ? x : op(PermuteOp{std::move(axes)}, {x});
}

ValueId NodeBuilder::axisLast(ValueId x, std::size_t axis) {
    std::vector<std::int64_t> axes(dimsOf(x).rank());
    std::iota(axes.begin(), axes.end(), 0);
    axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(axis));
    axes.push_back(static_cast<std::int64_t>(axis));
    return permute(x, std::move(axes));
}

ValueId NodeBuilder::axisBack(ValueId x, std::size_t axis) {
    std::vector<std::int64_t> axes(dimsOf(x).rank() - 1);
    std::iota(axes.begin(), axes.end(), 0);
    axes.insert(axes.begin() + static_cast<std::ptrdiff_t>(axis),
                static_cast<std::int64_t>(axes.size()));
    return permute(x, std::move(axes));
}

ValueId NodeBuilder::unary(UnaryKind kind, ValueId x, double scale, double shift, double a,
                           double b) {
    return op(UnaryOp{kind, scale, shift, a, b}, {x});
}

ValueId NodeBuilder::binary(BinaryKind kind, ValueId a, ValueId b, double scale, double shift) {
    return op(BinaryOp{kind, scale, shift}, {a, b});
}

ValueId NodeBuilder::reduce(ReduceKind kind, ValueId x, std::vector<std::int64_t> axes, bool keep) {
    return op(ReduceOp{kind, std::move(axes), keep}, {x});
}

ValueId NodeBuilder::times(ValueId x, const Tensor& matrix, std::size_t axis) {
    const auto last = op(MatMulOp{}, {axisLast(x, axis), constant(matrix)});
    return axisBack(last, axis);
}

ValueId NodeBuilder::where(ValueId condition, ValueId a, ValueId b) {
    return op(WhereOp{}, {condition, a, b});
}

std::vector<ValueId> NodeBuilder::toSamples(ValueId x) {
    const auto dims = dimsOf(x);
    if (dims.rank() < 2)
        throw Error("it takes samples of one axis or more; received {}", toString(dims));
    if (graph_.type(x).isPerSample())
        return {x};
    const auto rest = withFirst(Dim::batch(), withoutFirst(dims));
    if (!dims[0].isNumber() || dims[0].number() > kMostSamples)
        throw Error("{} samples at a time are not computed", toString(Dims{dims[0]}));
    if (dims[0].number() == 1)
        return {reshape(forEachSample(graph_, x, path_), rest)};
    const auto pieces = ops(
        SplitOp{0, std::vector<std::int64_t>(static_cast<std::size_t>(dims[0].number()), 1)}, {x});
    std::vector<ValueId> samples;
    for (const auto piece : pieces)
        samples.push_back(reshape(forEachSample(graph_, piece, path_), rest));
    return samples;
}

ValueId NodeBuilder::fromSamples(const Dim& length, const std::vector<ValueId>& samples) {
    if (length == Dim::batch())
        return samples.front();
    std::vector<ValueId> pieces;
    for (const auto each : samples) {
        const auto one = withFirst(Dim(1), withoutFirst(dimsOf(each)));
        pieces.push_back(ofFirstSample(graph_, reshape(each, withFirst(Dim::batch(), one)), path_));
    }
    return pieces.size() == 1 ? pieces.front() : op(ConcatOp{0}, pieces);
}

} // namespace gradwright
