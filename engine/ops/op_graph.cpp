// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op_graph.h"

#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

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

} // namespace

ValueId OpGraph::addInput(std::string name, ValueType type) {
    const ValueId id{static_cast<std::uint32_t>(values_.size())};
    values_.push_back({.type = std::move(type), .path = name});
    inputs_.push_back({std::move(name), id});
    return id;
}

void OpGraph::removeInput(ValueId id) {
    const auto found = std::ranges::find(inputs_, id, &NamedValue::value);
    if (found == inputs_.end() || !usesOf(id).empty() || isResult(id))
        throw Error("{} cannot be removed from the inputs: it is {}", value(id).path,
                    found == inputs_.end() ? "none" : "read");
    inputs_.erase(found);
}

WeightId OpGraph::addWeight(WeightSpec spec) {
    const WeightId id{static_cast<std::uint32_t>(weights_.size())};
    weights_.push_back(std::move(spec));
    weightValues_.emplace_back();
    return id;
}

ValueId OpGraph::weightValue(WeightId id) {
    auto& value = weightValues_[id.index()];
    if (!value) {
        value = ValueId{static_cast<std::uint32_t>(values_.size())};
        values_.push_back({.type = ValueType::of(Dims::of(weight(id).shape)),
                           .path = weight(id).key,
                           .weight = id});
    }
    return *value;
}

ValueId OpGraph::addConstant(Tensor values, std::string path) {
    const ValueId id{static_cast<std::uint32_t>(values_.size())};
    auto type = ValueType::of(Dims::of(values.shape()), values.dtype());
    values_.push_back({.type = std::move(type),
                       .path = std::move(path),
                       .constant = std::make_shared<const Tensor>(std::move(values))});
    return id;
}

void OpGraph::setConstant(ValueId id, Tensor values) {
    auto& value = values_[id.index()];
    if (value.type.dims != Dims::of(values.shape()))
        throw Error("a constant of shape {} cannot take the place of a value {}",
                    toString(values.shape()), toString(value.type.dims));
    value.constant = std::make_shared<const Tensor>(std::move(values));
    value.source.reset();
}

void OpGraph::requireWeights(const OpAttributes& attributes, const Types& types,
                             const std::vector<WeightId>& weights, std::string_view path) const {
    const auto expected = weightShapes(attributes, types);
    if (expected.size() != weights.size())
        throw Error("{} at {} takes {} weights, not {}", nameOf(attributes), path, expected.size(),
                    weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i)
        if (weight(weights[i]).shape != expected[i])
            throw Error("{} at {} takes a weight of shape {}, not {}", nameOf(attributes), path,
                        toString(expected[i]), toString(weight(weights[i]).shape));
}

void OpGraph::requireMadeBefore(std::size_t place, const std::vector<ValueId>& inputs,
                                std::string_view path) const {
    for (const auto input : inputs)
        if (const auto& source = value(input).source) {
            const auto made = placeOf(source->op);
            if (!made || *made >= place)
                throw Error("the op at {} reads a value of {} that is not made before it", path,
                            value(input).path);
        }
}

ValueId OpGraph::add(OpAttributes attributes, std::vector<ValueId> inputs, std::string path,
                     std::vector<WeightId> weights) {
    return insert(ops_.size(), std::move(attributes), std::move(inputs), std::move(path),
                  std::move(weights))[0];
}

std::vector<ValueId> OpGraph::insert(std::size_t place, OpAttributes attributes,
                                     std::vector<ValueId> inputs, std::string path,
                                     std::vector<WeightId> weights) {
    requireMadeBefore(place, inputs, path);
    Op op{.id = OpId{static_cast<std::uint32_t>(places_.size())},
          .attributes = std::move(attributes),
          .inputs = std::move(inputs),
          .weights = std::move(weights),
          .path = std::move(path)};
    const auto types = inputTypes(op);
    auto made = inferTypes(op.attributes, types);
    requireWeights(op.attributes, types, op.weights, op.path);
    for (std::size_t i = 0; i < made.size(); ++i) {
        op.outputs.push_back(ValueId{static_cast<std::uint32_t>(values_.size())});
        values_.push_back(
            {.type = std::move(made[i]), .path = op.path, .source = Source{op.id, i}});
    }
    op.isBackward = place > 0 && ops_[place - 1].isBackward;
    for (auto& other : places_)
        if (other && *other >= place)
            ++*other;
    places_.emplace_back(place);
    return ops_.insert(ops_.begin() + static_cast<std::ptrdiff_t>(place), std::move(op))->outputs;
}

void OpGraph::addOutput(std::string name, ValueId value) {
    outputs_.push_back({std::move(name), value});
}

void OpGraph::setOutputs(std::vector<NamedValue> outputs) {
    outputs_ = std::move(outputs);
}

void OpGraph::addLoss(ValueId perSample, double weight) {
    if (type(perSample) != ValueType(Shape{1}))
        throw Error("a loss must be one number per sample, not {}", toString(type(perSample).dims));
    losses_.push_back({perSample, weight});
}

void OpGraph::setGradient(WeightId id, ValueId value) {
    if (type(value).dims != Dims::of(weight(id).shape))
        throw Error("the gradient of {} must have its shape {}, not {}", weight(id).key,
                    toString(weight(id).shape), toString(type(value).dims));
    const auto known = std::ranges::find(gradients_, id, &WeightGradient::weight);
    if (known != gradients_.end())
        known->value = value;
    else
        gradients_.push_back({id, value});
}

void OpGraph::setGradientOf(ValueId gradient, ValueId value) {
    values_[gradient.index()].gradientOf = value;
}

void OpGraph::setBackward(std::size_t from) {
    for (std::size_t i = 0; i < ops_.size(); ++i)
        ops_[i].isBackward = i >= from;
}

void OpGraph::replaceUses(ValueId from, ValueId to) {
    if (type(from) != type(to))
        throw Error("a value {} cannot take the place of {}", toString(type(to).dims),
                    toString(type(from).dims));
    for (const auto& use : usesOf(from))
        requireMadeBefore(use.op, {to}, ops_[use.op].path);
    for (auto& op : ops_)
        std::ranges::replace(op.inputs, from, to);
    for (auto& output : outputs_)
        output.value = output.value == from ? to : output.value;
    for (auto& origin : origins_) {
        std::ranges::replace(origin.inputs, from, to);
        std::ranges::replace(origin.outputs, from, to);
    }
    for (auto& loss : losses_)
        loss.perSample = loss.perSample == from ? to : loss.perSample;
    for (auto& gradient : gradients_)
        gradient.value = gradient.value == from ? to : gradient.value;
}

void OpGraph::replace(std::size_t place, OpAttributes attributes, std::vector<ValueId> inputs,
                      std::vector<WeightId> weights) {
    auto& op = ops_[place];
    requireMadeBefore(place, inputs, op.path);
    Types types;
    for (const auto input : inputs)
        types.push_back(type(input));
    const auto made = inferTypes(attributes, types);
    requireWeights(attributes, types, weights, op.path);
    const bool fits =
        made.size() == op.outputs.size() &&
        std::ranges::equal(made, op.outputs, {}, {}, [&](ValueId output) { return type(output); });
    if (!fits)
        throw Error("{} cannot take the place of {} at {}: its outputs are others",
                    nameOf(attributes), nameOf(op.attributes), op.path);
    op.attributes = std::move(attributes);
    op.inputs = std::move(inputs);
    op.weights = std::move(weights);
}

void OpGraph::remove(const std::vector<bool>& ops) {
    for (std::size_t i = 0; i < ops_.size(); ++i) {
        if (!ops[i])
            continue;
        for (const auto output : ops_[i].outputs) {
            if (!value(output).source)
                continue; // a constant by now
            const bool isRead =
                std::ranges::any_of(usesOf(output), [&](const Use& use) { return !ops[use.op]; });
            if (isRead || isResult(output))
                throw Error("{} at {} cannot be removed: its result is read",
                            nameOf(ops_[i].attributes), ops_[i].path);
        }
    }
    std::vector<Op> rest;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
        auto& place = places_[ops_[i].id.index()];
        if (ops[i]) {
            place.reset();
            continue;
        }
        place = rest.size();
        rest.push_back(std::move(ops_[i]));
    }
    ops_ = std::move(rest);
}

void OpGraph::reorder(const std::vector<std::size_t>& order) {
    auto sorted = order;
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sorted.size(); ++i)
        if (sorted.size() != ops_.size() || sorted[i] != i)
            throw Error("an order of {} ops has each of them once", ops_.size());
    std::vector<std::size_t> places(ops_.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        places[order[i]] = i;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto& op = ops_[order[i]];
        if (i > 0 && ops_[order[i - 1]].isBackward && !op.isBackward)
            throw Error("{} cannot come after the backward pass has begun", op.path);
        for (const auto input : op.inputs)
            if (const auto made = producerPlace(input); made && places[*made] >= i)
                throw Error("the op at {} reads a value of {} that is not made before it", op.path,
                            value(input).path);
    }
    std::vector<Op> reordered;
    for (const auto place : order) {
        places_[ops_[place].id.index()] = reordered.size();
        reordered.push_back(std::move(ops_[place]));
    }
    ops_ = std::move(reordered);
}

void OpGraph::requireMergeable(const OpRun& run) const {
    requireMadeBefore(run.first, run.inputs, run.path);
    Types types;
    for (const auto input : run.inputs)
        types.push_back(type(input));
    const auto made = inferTypes(run.attributes, types);
    const auto isMadeThere = [&](ValueId id) {
        const auto place = producerPlace(id);
        return place && *place >= run.first && *place < run.last;
    };
    if (!std::ranges::all_of(run.outputs, isMadeThere) ||
        !std::ranges::equal(made, run.outputs, {}, {}, [&](ValueId id) { return type(id); }))
        throw Error("{} cannot take the place of the ops at {}: its outputs are others",
                    nameOf(run.attributes), run.path);
    requireWeights(run.attributes, types, {}, run.path);
    for (auto i = run.first; i < run.last; ++i)
        if (ops_[i].isBackward != ops_[run.first].isBackward)
            throw Error("ops of both passes at {} cannot become one", run.path);
}

void OpGraph::requireUnread(const std::vector<OpRun>& runs) const {
    std::vector<bool> isRead(values_.size()); // by what there will be
    const auto read = [&](const std::vector<ValueId>& inputs) {
        for (const auto input : inputs)
            isRead[input.index()] = true;
    };
    std::size_t next = 0;
    for (const auto& run : runs) {
        for (; next < run.first; ++next)
            read(ops_[next].inputs);
        read(run.inputs);
        next = run.last;
    }
    for (; next < ops_.size(); ++next)
        read(ops_[next].inputs);
    for (const auto& run : runs)
        for (auto i = run.first; i < run.last; ++i)
            for (const auto output : ops_[i].outputs) {
                const bool stays = std::ranges::find(run.outputs, output) != run.outputs.end();
                if (!stays && (isRead[output.index()] || isResult(output)))
                    throw Error("{} at {} cannot become a part of {}: its result is read",
                                nameOf(ops_[i].attributes), ops_[i].path, nameOf(run.attributes));
            }
}

void OpGraph::merge(std::vector<OpRun> runs) {
    std::size_t before = 0;
    for (const auto& run : runs) {
        if (run.first < before || run.first >= run.last || run.last > ops_.size())
            throw Error("runs of ops come one after another");
        before = run.last;
        requireMergeable(run);
    }
    requireUnread(runs);
    std::vector<Op> rest;
    auto run = runs.begin();
    for (std::size_t i = 0; i < ops_.size();) {
        if (run == runs.end() || i < run->first) {
            places_[ops_[i].id.index()] = rest.size();
            rest.push_back(std::move(ops_[i++]));
            continue;
        }
        Op op{.id = OpId{static_cast<std::uint32_t>(places_.size())},
              .attributes = std::move(run->attributes),
              .inputs = std::move(run->inputs),
              .outputs = std::move(run->outputs),
              .path = std::move(run->path),
              .isBackward = ops_[i].isBackward};
        for (; i < run->last; ++i)
            places_[ops_[i].id.index()].reset();
        for (std::size_t output = 0; output < op.outputs.size(); ++output)
            values_[op.outputs[output].index()].source = Source{op.id, output};
        places_.emplace_back(rest.size());
        rest.push_back(std::move(op));
        ++run;
    }
    ops_ = std::move(rest);
}

std::vector<WeightId> OpGraph::removeUnreadWeights() {
    std::vector<bool> isRead(weights_.size());
    for (const auto& op : ops_)
        for (const auto id : op.weights)
            isRead[id.index()] = true;
    for (std::size_t i = 0; i < weights_.size(); ++i)
        if (const auto value = weightValues_[i];
            value && (!usesOf(*value).empty() || isResult(*value)))
            isRead[i] = true;
    std::vector<WeightId> kept;
    std::vector<WeightId> renamed(weights_.size(), WeightId{0});
    for (std::uint32_t i = 0; i < isRead.size(); ++i)
        if (isRead[i]) {
            renamed[i] = WeightId{static_cast<std::uint32_t>(kept.size())};
            kept.push_back(WeightId{i});
        }
    for (auto& op : ops_)
        for (auto& id : op.weights)
            id = renamed[id.index()];
    for (auto& value : values_)
        if (value.weight)
            value.weight = isRead[value.weight->index()]
                               ? std::optional(renamed[value.weight->index()])
                               : std::nullopt;
    std::vector<WeightSpec> specs;
    std::vector<std::optional<ValueId>> weightValues;
    for (const auto id : kept) {
        specs.push_back(std::move(weights_[id.index()]));
        weightValues.push_back(weightValues_[id.index()]);
    }
    weights_ = std::move(specs);
    weightValues_ = std::move(weightValues);
    return kept;
}

void OpGraph::bind(const Lengths& lengths) {
    for (auto& value : values_)
        value.type.dims = value.type.dims.bound(lengths);
    for (auto& op : ops_)
        std::visit(
            [&](auto& attributes) {
                if constexpr (requires { attributes.dims; })
                    attributes.dims = attributes.dims.bound(lengths);
            },
            op.attributes);
}

std::size_t OpGraph::backwardBegin() const {
    return static_cast<std::size_t>(std::ranges::find(ops_, true, &Op::isBackward) - ops_.begin());
}

std::optional<std::size_t> OpGraph::placeOf(OpId id) const {
    return places_[id.index()];
}

std::optional<std::size_t> OpGraph::producerPlace(ValueId id) const {
    const auto& source = value(id).source;
    return source ? placeOf(source->op) : std::nullopt;
}

const Op* OpGraph::producerOf(ValueId id) const {
    const auto place = producerPlace(id);
    return place ? &ops_[*place] : nullptr;
}

std::vector<Use> OpGraph::usesOf(ValueId id) const {
    std::vector<Use> uses;
    for (std::size_t i = 0; i < ops_.size(); ++i)
        for (std::size_t input = 0; input < ops_[i].inputs.size(); ++input)
            if (ops_[i].inputs[input] == id)
                uses.push_back({i, input});
    return uses;
}

bool OpGraph::isResult(ValueId id) const {
    return std::ranges::find(outputs_, id, &NamedValue::value) != outputs_.end() ||
           std::ranges::find(losses_, id, &LossTerm::perSample) != losses_.end() ||
           std::ranges::find(gradients_, id, &WeightGradient::value) != gradients_.end();
}

std::vector<bool> OpGraph::opsBehind(const std::vector<ValueId>& values) const {
    std::vector<bool> wanted(values_.size());
    for (const auto value : values)
        wanted[value.index()] = true;
    std::vector<bool> behind(ops_.size());
    for (auto i = ops_.size(); i-- > 0;) {
        const auto& op = ops_[i];
        behind[i] = std::ranges::any_of(
            op.outputs, [&](ValueId id) { return wanted[id.index()] && value(id).source; });
        if (behind[i])
            for (const auto input : op.inputs)
                wanted[input.index()] = true;
    }
    return behind;
}

ValueId OpGraph::input(std::string_view name) const {
    return find(inputs_, name, "input");
}
ValueId OpGraph::output(std::string_view name) const {
    return find(outputs_, name, "output");
}

std::vector<ValueId> OpGraph::lossValues() const {
    std::vector<ValueId> values;
    for (const auto& loss : losses_)
        values.push_back(loss.perSample);
    return values;
}

Types OpGraph::inputTypes(const Op& op) const {
    Types types;
    types.reserve(op.inputs.size());
    for (const auto input : op.inputs)
        types.push_back(type(input));
    return types;
}

std::int64_t OpGraph::operationsOf(const Op& op) const {
    const auto macs = macsOf(op.attributes, inputTypes(op));
    if (macs > 0)
        return 2 * macs;
    std::int64_t made = 0;
    for (const auto output : op.outputs)
        made += type(output).elementsPerSample();
    if (const auto* fused = std::get_if<FusedOp>(&op.attributes))
        made =
            type(op.output()).elementsPerSample() * static_cast<std::int64_t>(fused->steps.size());
    return made;
}

std::int64_t OpGraph::elementsAround(const Op& op) const {
    std::int64_t sum = 0;
    for (const auto output : op.outputs)
        sum += type(output).elementsPerSample();
    for (const auto input : op.inputs)
        sum += type(input).elementsPerSample();
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

} // namespace gradwright
