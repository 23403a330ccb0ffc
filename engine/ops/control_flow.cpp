// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/control_flow.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

std::string textOf(const ValueType& type) {
    return fmt::format("{} of {}", toString(type.dims), nameOf(type.element));
}

bool isOne(const Dims& dims) {
    return dims.product() == Dim(1);
}

/// Copies of one body, which share its constants and weights.
class Inliner {
public:
    Inliner(OpGraph& graph, const OpGraph& body)
        : graph_(graph)
        , body_(body)
        , fixed_(body.values().size()) {
        const auto isForward = [](const OpGraph& ops) {
            return ops.backwardBegin() == ops.ops().size();
        };
        if (!isForward(body) || !isForward(graph) || !body.losses().empty())
            throw Error("only the forward pass of a graph without losses is copied into another, "
                        "and before that has a backward pass");
        for (const auto& spec : body.weights())
            weights_.push_back(weightOf(spec));
        for (std::uint32_t i = 0; i < fixed_.size(); ++i) {
            const auto& value = body.values()[i];
            const bool isRead = body.isResult(ValueId{i}) || !body.usesOf(ValueId{i}).empty();
            if (value.constant && isRead)
                fixed_[i] = graph.addConstant(*value.constant, value.path);
            else if (value.weight)
                fixed_[i] = graph.weightValue(weights_[value.weight->index()]);
        }
    }

    std::vector<ValueId> copy(const std::vector<ValueId>& inputs, const std::string& prefix) {
        auto values = fixed_;
        bindInputs(values, inputs, prefix);
        for (const auto& op : body_.ops()) {
            std::vector<ValueId> read;
            std::vector<WeightId> weights;
            for (const auto input : op.inputs)
                read.push_back(*values[input.index()]);
            for (const auto weight : op.weights)
                weights.push_back(weights_[weight.index()]);
            const auto made = graph_.insert(graph_.ops().size(), op.attributes, std::move(read),
                                            prefix + op.path, std::move(weights));
            for (std::size_t i = 0; i < made.size(); ++i)
                if (!values[op.outputs[i].index()]) // a constant by now
                    values[op.outputs[i].index()] = made[i];
        }
        std::vector<ValueId> outputs;
        for (const auto& output : body_.outputs())
            outputs.push_back(*values[output.value.index()]);
        return outputs;
    }

private:
    WeightId weightOf(const WeightSpec& spec) {
        const auto& known = graph_.weights();
        const auto found = std::ranges::find(known, spec.key, &WeightSpec::key);
        if (found == known.end())
            return graph_.addWeight(spec);
        if (found->shape != spec.shape)
            throw Error("the weight {} has the shape {} in one graph and {} in the other", spec.key,
                        toString(found->shape), toString(spec.shape));
        return WeightId{static_cast<std::uint32_t>(found - known.begin())};
    }

    void bindInputs(std::vector<std::optional<ValueId>>& values, const std::vector<ValueId>& inputs,
                    const std::string& prefix) const {
        const auto& wanted = body_.inputs();
        if (inputs.size() != wanted.size())
            throw Error("the graph at {} takes {} inputs, not {}", prefix, wanted.size(),
                        inputs.size());
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const auto& type = body_.type(wanted[i].value);
            if (graph_.type(inputs[i]) != type)
                throw Error("the graph at {} takes {} as \"{}\", not {}", prefix, textOf(type),
                            wanted[i].name, textOf(graph_.type(inputs[i])));
            values[wanted[i].value.index()] = inputs[i];
        }
    }

    OpGraph& graph_;
    const OpGraph& body_;
    std::vector<std::optional<ValueId>> fixed_; ///< by value of the body: constants and weights
    std::vector<WeightId> weights_;             ///< by weight of the body
};

/// What a truth value is, where it is a constant.
std::optional<bool> truthOf(const OpGraph& graph, ValueId condition) {
    const auto& constant = graph.value(condition).constant;
    if (!constant)
        return {};
    return constant->to(DType::F64).span<double>()[0] != 0;
}

void requireTruth(const OpGraph& graph, ValueId condition, std::string_view what,
                  std::string_view path) {
    const auto& type = graph.type(condition);
    if (type.element != DType::Bool || !isOne(type.dims))
        throw Error("the condition of the {} at {} must be one truth value, not {}", what, path,
                    textOf(type));
}

ValueId reshaped(OpGraph& graph, ValueId value, const Dims& dims, const std::string& path) {
    return graph.type(value).dims == dims ? value : graph.add(ReshapeOp{dims}, {value}, path);
}

ValueId chosen(OpGraph& graph, ValueId condition, ValueId a, ValueId b, const std::string& path) {
    return a == b ? a : graph.add(WhereOp{}, {condition, a, b}, path);
}

/// Values along a new first axis.
ValueId stacked(OpGraph& graph, const std::vector<ValueId>& values, const std::string& path) {
    const auto& dims = graph.type(values[0]).dims;
    std::vector<Dim> row{1};
    row.insert(row.end(), dims.begin(), dims.end());
    std::vector<ValueId> rows;
    for (const auto value : values)
        rows.push_back(graph.add(ReshapeOp{Dims(row)}, {value}, path));
    return rows.size() == 1 ? rows[0] : graph.add(ConcatOp{0}, rows, path);
}

void requireFewOps(std::int64_t trips, const OpGraph& body, std::string_view path) {
    const auto ops = static_cast<std::int64_t>(std::max<std::size_t>(body.ops().size(), 1));
    if (trips < 0 || trips > kMostUnrolledOps / ops)
        throw Error("the loop at {} would become {} times {} op(s), and at most {} are unrolled",
                    path, trips, ops, kMostUnrolledOps);
}

/// What comes out of an iteration: `first` outputs, then as many as are carried, then what is
/// collected.
void requireOutputs(const OpGraph& body, std::size_t first, std::size_t carried,
                    std::string_view path) {
    if (body.outputs().size() < first + carried)
        throw Error("the body of the loop at {} has {} outputs for {} that it carries", path,
                    body.outputs().size(), carried);
}

void requireSameType(const OpGraph& graph, ValueId before, ValueId after, std::string_view path) {
    if (graph.type(before) != graph.type(after))
        throw Error("the loop at {} is given {} and carries on {}", path,
                    textOf(graph.type(before)), textOf(graph.type(after)));
}

/// A loop while it is unrolled.
class Unroller {
public:
    Unroller(OpGraph& graph, const Loop& what, std::string path)
        : graph_(graph)
        , what_(what)
        , path_(std::move(path))
        , inliner_(graph, what.body)
        , carried_(what.carried)
        , collected_(collectedCount()) {
        requireFewOps(what.trips, what.body, path_);
        const auto& inputs = what.body.inputs();
        if (inputs.size() < 2)
            throw Error("the body of the loop at {} takes the iteration and a condition first",
                        path_);
        iterationType_ = what.body.type(inputs[0].value);
        conditionType_ = what.body.type(inputs[1].value);
        if (iterationType_.element != DType::I64 || !isOne(iterationType_.dims) ||
            conditionType_.element != DType::Bool || !isOne(conditionType_.dims))
            throw Error(
                "the body of the loop at {} takes one I64 and one truth value first, not {} "
                "and {}",
                path_, textOf(iterationType_), textOf(conditionType_));
        if (what.condition)
            decide(*what.condition);
    }

    LoopResults run() {
        for (std::int64_t i = 0; i < what_.trips && runs_; ++i)
            iterate(i);
        LoopResults results{carried_, {}};
        for (const auto& values : collected_) {
            if (values.empty())
                throw Error("the loop at {} runs no iteration, so what it collects would be empty",
                            path_);
            results.scanned.push_back(stacked(graph_, values, path_));
        }
        return results;
    }

private:
    [[nodiscard]] std::size_t collectedCount() const {
        requireOutputs(what_.body, 1, what_.carried.size(), path_);
        return what_.body.outputs().size() - 1 - what_.carried.size();
    }

    /// The condition of the next iteration.
    void decide(ValueId condition) {
        requireTruth(graph_, condition, "loop", path_);
        if (const auto truth = truthOf(graph_, condition)) {
            runs_ = *truth;
            return;
        }
        const auto next = reshaped(graph_, condition, {}, path_);
        mask_ = mask_ ? graph_.add(LogicOp{LogicKind::And}, {*mask_, next}, path_) : next;
    }

    ValueId constant(const ValueType& type, std::int64_t number) {
        const auto tensor = Tensor::of<std::int64_t>({}, std::span<const std::int64_t>(&number, 1));
        return graph_.addConstant(tensor.to(type.element).reshaped(type.dims.shapeFor(Lengths{})),
                                  path_);
    }

    void iterate(std::int64_t number) {
        std::vector<ValueId> inputs{constant(iterationType_, number),
                                    mask_ ? reshaped(graph_, *mask_, conditionType_.dims, path_)
                                          : constant(conditionType_, 1)};
        inputs.insert(inputs.end(), carried_.begin(), carried_.end());
        inputs.insert(inputs.end(), what_.captured.begin(), what_.captured.end());
        const auto outputs = inliner_.copy(inputs, fmt::format("{}/{}/", path_, number));
        for (std::size_t i = 0; i < carried_.size(); ++i) {
            requireSameType(graph_, carried_[i], outputs[1 + i], path_);
            carried_[i] =
                mask_ ? chosen(graph_, *mask_, outputs[1 + i], carried_[i], path_) : outputs[1 + i];
        }
        if (mask_ && !collected_.empty())
            throw Error("how often the loop at {} runs depends on values, so the length of what it "
                        "collects is not known",
                        path_);
        for (std::size_t i = 0; i < collected_.size(); ++i)
            collected_[i].push_back(outputs[1 + carried_.size() + i]);
        if (number + 1 < what_.trips)
            decide(outputs[0]);
    }

    OpGraph& graph_;
    const Loop& what_;
    std::string path_;
    Inliner inliner_;
    std::vector<ValueId> carried_;
    std::vector<std::vector<ValueId>> collected_; ///< by output of the body, an entry an iteration
    ValueType iterationType_, conditionType_;
    bool runs_ = true;            ///< unless a constant ended it
    std::optional<ValueId> mask_; ///< whether it runs, where values decide
};

/// How many steps a sequence has, which the body may run.
std::int64_t stepsOf(const OpGraph& graph, ValueId sequence, const OpGraph& body,
                     std::string_view path) {
    const auto& dims = graph.type(sequence).dims;
    if (dims.rank() == 0 || !dims[0].isNumber())
        throw Error("the scan at {} cuts its sequences along an axis whose length is a number, not "
                    "{}",
                    path, toString(dims));
    requireFewOps(dims[0].number(), body, path);
    return dims[0].number();
}

/// The slices of a sequence along its first axis.
std::vector<ValueId> slicesOf(OpGraph& graph, ValueId sequence, const std::string& path) {
    const auto dims = graph.type(sequence).dims; // by value: the graph moves its values
    const std::vector<std::int64_t> ones(static_cast<std::size_t>(dims[0].number()), 1);
    auto slices = graph.insert(graph.ops().size(), SplitOp{0, ones}, {sequence}, path);
    const Dims rest(std::vector<Dim>(dims.begin() + 1, dims.end()));
    for (auto& slice : slices)
        slice = graph.add(ReshapeOp{rest}, {slice}, path);
    return slices;
}

} // namespace

std::vector<ValueId> inlineGraph(OpGraph& graph, const OpGraph& body,
                                 const std::vector<ValueId>& inputs, const std::string& prefix) {
    return Inliner(graph, body).copy(inputs, prefix);
}

std::vector<ValueId> ifElse(OpGraph& graph, ValueId condition, const Branch& then,
                            const Branch& otherwise, const std::string& path) {
    requireTruth(graph, condition, "if", path);
    const auto inlined = [&](const Branch& branch, std::string_view name) {
        return inlineGraph(graph, branch.body, branch.inputs, fmt::format("{}/{}/", path, name));
    };
    if (const auto truth = truthOf(graph, condition))
        return *truth ? inlined(then, "then") : inlined(otherwise, "else");
    const auto one = reshaped(graph, condition, {}, path);
    const auto first = inlined(then, "then");
    const auto second = inlined(otherwise, "else");
    if (first.size() != second.size())
        throw Error("the branches of the if at {} have {} and {} outputs", path, first.size(),
                    second.size());
    std::vector<ValueId> results;
    for (std::size_t i = 0; i < first.size(); ++i) {
        if (graph.type(first[i]) != graph.type(second[i]))
            throw Error("the branches of the if at {} give {} and {} as output {}", path,
                        textOf(graph.type(first[i])), textOf(graph.type(second[i])), i);
        results.push_back(chosen(graph, one, first[i], second[i], path));
    }
    return results;
}

LoopResults loop(OpGraph& graph, const Loop& what, const std::string& path) {
    return Unroller(graph, what, path).run();
}

LoopResults scan(OpGraph& graph, const Scan& what, const std::string& path) {
    if (what.sequences.empty())
        throw Error("the scan at {} has no sequence to run along", path);
    // All of it before any is cut: sequences may be too long for that.
    const auto steps = stepsOf(graph, what.sequences[0], what.body, path);
    for (const auto sequence : what.sequences)
        if (const auto own = stepsOf(graph, sequence, what.body, path); own != steps)
            throw Error("the sequences of the scan at {} have {} and {} steps", path, steps, own);
    requireOutputs(what.body, 0, what.carried.size(), path);
    std::vector<std::vector<ValueId>> slices;
    for (const auto sequence : what.sequences)
        slices.push_back(slicesOf(graph, sequence, path));
    Inliner inliner(graph, what.body);
    auto carried = what.carried;
    std::vector<std::vector<ValueId>> collected(what.body.outputs().size() - carried.size());
    for (std::size_t step = 0; step < static_cast<std::size_t>(steps); ++step) {
        auto inputs = carried;
        for (const auto& sequence : slices)
            inputs.push_back(sequence[step]);
        inputs.insert(inputs.end(), what.captured.begin(), what.captured.end());
        const auto outputs = inliner.copy(inputs, fmt::format("{}/{}/", path, step));
        for (std::size_t i = 0; i < carried.size(); ++i) {
            requireSameType(graph, carried[i], outputs[i], path);
            carried[i] = outputs[i];
        }
        for (std::size_t i = 0; i < collected.size(); ++i)
            collected[i].push_back(outputs[carried.size() + i]);
    }
    LoopResults results{std::move(carried), {}};
    for (const auto& values : collected)
        results.scanned.push_back(stacked(graph, values, path));
    return results;
}

} // namespace gradwright
