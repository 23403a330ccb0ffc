// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/case_builder.h"

#include "engine/support/rng.h"

#include <cmath>
#include <numeric>

namespace gradwright::check {
namespace {

std::uint64_t hashOf(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return hash;
}

} // namespace

CaseBuilder::CaseBuilder(std::string name, std::int64_t batch)
    : seed_(hashOf(name)) {
    case_.name = std::move(name);
    case_.batch = batch;
}

Tensor CaseBuilder::normal(const Shape& shape, double scale, double centre) {
    Tensor values(DType::F64, shape);
    const Rng rng(++seed_, RngStream::Test);
    std::uint64_t counter = 0;
    for (auto& value : values.span<double>())
        value = scale * rng.normal(counter++) + centre;
    return values.to(DType::F32);
}

Tensor CaseBuilder::distinct(const Shape& shape, double scale, double offset) {
    Tensor values(DType::F32, shape);
    const auto span = values.span<float>();
    std::vector<std::uint32_t> order(span.size());
    std::iota(order.begin(), order.end(), 0U);
    shuffle(order, Rng(++seed_, RngStream::Test));
    const auto count = static_cast<double>(span.size());
    for (std::size_t i = 0; i < span.size(); ++i)
        span[i] = static_cast<float>(scale * (4.0 * (order[i] + offset) / count - 2.0));
    return values;
}

ValueId CaseBuilder::identity() {
    if (!identity_) {
        const auto batch = case_.batch;
        identity_ = case_.graph.addInput("identity", {Shape{batch}});
        Tensor rows(DType::F32, {batch, batch});
        for (std::int64_t i = 0; i < batch; ++i)
            rows.span<float>()[static_cast<std::size_t>(i * (batch + 1))] = 1.0F;
        case_.inputs.push_back({*identity_, std::move(rows)});
    }
    return *identity_;
}

ValueId CaseBuilder::source(const Shape& shape, double scale) {
    const auto features = shape.elements();
    // A crooked part of a step off, so that none is zero, at the corner of another function or
    // equal to that of another source.
    const double offset = 0.2713 + 0.1117 * static_cast<double>(sources_);
    const auto path = fmt::format("source{}", sources_++);
    const auto rows = identity();
    const Shape weightShape{features, case_.batch};
    const auto weight = case_.graph.addWeight({path + "/weight", weightShape, {}, {}});
    case_.weights.push_back(distinct(weightShape, scale, offset));
    const auto vector =
        case_.graph.add(DenseOp{.units = features, .bias = false}, {rows}, path, {weight});
    if (shape.rank() == 1)
        return vector;
    return case_.graph.add(ReshapeOp::ofSample(shape), {vector}, path);
}

std::vector<WeightId> CaseBuilder::makeWeights(const OpAttributes& attributes,
                                               const std::vector<ValueId>& inputs,
                                               const std::string& path) {
    std::vector<ValueType> types;
    for (const auto input : inputs)
        types.push_back(case_.graph.type(input));
    const bool isBatchNorm = std::holds_alternative<BatchNormOp>(attributes);
    const std::vector<std::string> names =
        isBatchNorm ? std::vector<std::string>{"scale", "shift", "running_mean", "running_variance"}
                    : std::vector<std::string>{"weight", "bias", "weight2", "bias2"};
    std::vector<WeightId> weights;
    for (const auto& shape : weightShapes(attributes, types)) {
        const auto index = weights.size();
        const bool trainable = !isBatchNorm || index < 2;
        weights.push_back(
            case_.graph.addWeight({path + "/" + names[index], shape, {}, {}, trainable}));
        if (isBatchNorm) {
            // Scales and variances around 1, well above 0.
            const bool aroundOne = index == 0 || index == 3;
            auto values = normal(shape, 0.2, aroundOne ? 1.0 : 0.0);
            for (auto& value : values.span<float>())
                value = aroundOne ? std::max(value, 0.3F) : value;
            case_.weights.push_back(std::move(values));
        } else {
            const auto fanIn = index == 0 ? shape.elements() / shape[0] : 4;
            case_.weights.push_back(normal(shape, 1.0 / std::sqrt(static_cast<double>(fanIn))));
        }
    }
    return weights;
}

ValueId CaseBuilder::apply(OpAttributes attributes, std::vector<ValueId> inputs) {
    return applyAll(std::move(attributes), std::move(inputs))[0];
}

std::vector<ValueId> CaseBuilder::applyAll(OpAttributes attributes, std::vector<ValueId> inputs) {
    auto path = fmt::format("{}{}", nameOf(attributes), case_.graph.ops().size());
    auto weights = makeWeights(attributes, inputs, path);
    if (!layer_.empty())
        path = layer_;
    return case_.graph.insert(case_.graph.ops().size(), std::move(attributes), std::move(inputs),
                              std::move(path), std::move(weights));
}

ValueId CaseBuilder::chain(ValueId value, std::initializer_list<OpAttributes> ops) {
    for (const auto& op : ops)
        value = apply(op, {value});
    return value;
}

ValueId CaseBuilder::numbers(std::int64_t count, std::int64_t vocabulary) {
    const auto id =
        case_.graph.addInput(fmt::format("numbers{}", case_.graph.inputs().size()), {Shape{count}});
    Tensor values(DType::F32, {case_.batch, count});
    const Rng rng(++seed_, RngStream::Test);
    std::uint64_t counter = 0;
    for (auto& value : values.span<float>())
        value = static_cast<float>(rng.below(counter++, static_cast<std::uint64_t>(vocabulary)));
    case_.inputs.push_back({id, std::move(values)});
    return id;
}

OpCase singleOp(std::string name, std::int64_t batch, const Shape& shape, OpAttributes op) {
    return joiningOp(std::move(name), batch, {shape}, std::move(op));
}

OpCase joiningOp(std::string name, std::int64_t batch, const std::vector<Shape>& shapes,
                 OpAttributes op) {
    CaseBuilder builder(std::move(name), batch);
    std::vector<ValueId> inputs;
    for (const auto& shape : shapes)
        inputs.push_back(builder.source(shape));
    return builder.regressed(builder.apply(std::move(op), std::move(inputs)));
}

ValueId CaseBuilder::classIndex(std::int64_t classes, std::int64_t steps) {
    const auto id = case_.graph.addInput(fmt::format("class{}", case_.graph.inputs().size()),
                                         {Shape{steps}, DType::I32});
    Tensor indices(DType::I32, {case_.batch, steps});
    const Rng rng(++seed_, RngStream::Test);
    std::uint64_t counter = 0;
    for (auto& index : indices.span<std::int32_t>())
        index =
            static_cast<std::int32_t>(rng.below(counter++, static_cast<std::uint64_t>(classes)));
    case_.inputs.push_back({id, std::move(indices)});
    return id;
}

ValueId CaseBuilder::shares(Shape shape) {
    const auto id = values(shape);
    auto numbers = case_.inputs.back().data.span<float>();
    const auto count = static_cast<std::size_t>(shape.elements());
    for (std::size_t begin = 0; begin < numbers.size(); begin += count) {
        const auto sample = numbers.subspan(begin, count);
        float sum = 0;
        for (auto& number : sample)
            sum += number = std::abs(number) + 0.1F;
        for (auto& number : sample)
            number /= sum;
    }
    return id;
}

ValueId CaseBuilder::values(Shape shape) {
    const auto id =
        case_.graph.addInput(fmt::format("target{}", case_.graph.inputs().size()), {shape});
    case_.inputs.push_back({id, normal(shape.withBatch(case_.batch), 1.0)});
    return id;
}

ValueId CaseBuilder::weight(const Shape& shape) {
    const auto key = fmt::format("weight{}", case_.graph.weights().size());
    const auto id = case_.graph.addWeight({key, shape, {}, {}});
    case_.weights.push_back(normal(shape, 0.7, 0.2));
    return case_.graph.weightValue(id);
}

ValueId CaseBuilder::constant(const Shape& shape, DType dtype) {
    const auto path = fmt::format("constant{}", case_.graph.values().size());
    if (dtype == DType::F32)
        return case_.graph.addConstant(normal(shape, 0.7, 0.2), path);
    Tensor indices(dtype, shape);
    std::int32_t next = 0;
    for (auto& index : indices.span<std::int32_t>()) {
        index = next;
        next = next >= 0 ? -1 - next : -next; // 0, -1, 1, -2, …
    }
    return case_.graph.addConstant(std::move(indices), path);
}

CaseBuilder& CaseBuilder::objective(ValueId perSample, double weight) {
    case_.graph.addLoss(perSample, weight);
    return *this;
}

CaseBuilder& CaseBuilder::regress(ValueId prediction, double weight) {
    const auto target = values(case_.graph.type(prediction).sample());
    case_.graph.addLoss(apply(MeanSquaredErrorOp{}, {prediction, target}), weight);
    return *this;
}

CaseBuilder& CaseBuilder::classify(ValueId logits, double weight) {
    const auto classes = classIndex(case_.graph.type(logits).sample()[0]);
    case_.graph.addLoss(apply(SoftmaxCrossEntropyOp{}, {logits, classes}), weight);
    return *this;
}

CaseBuilder& CaseBuilder::output(ValueId value, std::string name) {
    case_.graph.addOutput(std::move(name), value);
    return *this;
}

OpCase CaseBuilder::regressed(ValueId value) {
    regress(value);
    output(value);
    return finish();
}

std::vector<BatchInput> bindings(const OpCase& opCase) {
    std::vector<BatchInput> result;
    for (const auto& input : opCase.inputs)
        result.push_back({input.value, input.data.bytes().data()});
    return result;
}

void writeWeights(const OpCase& opCase, WeightStore& store) {
    for (std::uint32_t i = 0; i < opCase.weights.size(); ++i)
        store.write(WeightId{i}, opCase.weights[i]);
}

} // namespace gradwright::check
