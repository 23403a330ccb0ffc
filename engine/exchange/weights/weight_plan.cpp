// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/weights/weight_plan.h"

#include "engine/exchange/weights/weight_matcher.h"
#include "engine/support/error.h"

#include <algorithm>
#include <map>
#include <set>

namespace gradwright {
namespace {

bool isSameButForOnes(const Shape& a, const Shape& b) {
    const auto dims = [](const Shape& shape) {
        std::vector<std::int64_t> kept;
        std::ranges::copy_if(shape, std::back_inserter(kept),
                             [](std::int64_t n) { return n != 1; });
        return kept;
    };
    return dims(a) == dims(b);
}

/// The elements with the axes in that order.
Tensor withAxes(const Tensor& tensor, const AxisOrder& order) {
    if (order.empty())
        return tensor;
    const auto& shape = tensor.shape();
    const auto rank = shape.rank();
    std::vector<std::int64_t> strides(rank, 1);
    for (std::size_t axis = rank - 1; axis-- > 0;)
        strides[axis] = strides[axis + 1] * shape[axis + 1];
    std::vector<std::int64_t> dims;
    for (const auto axis : order)
        dims.push_back(shape[axis]);
    Tensor result(DType::F32, Shape(dims));
    const auto from = tensor.span<float>();
    const auto to = result.span<float>();
    std::vector<std::int64_t> place(rank);
    for (auto& value : to) {
        std::int64_t at = 0;
        for (std::size_t axis = 0; axis < rank; ++axis)
            at += place[axis] * strides[order[axis]];
        value = from[static_cast<std::size_t>(at)];
        for (std::size_t axis = rank; axis-- > 0;) {
            if (++place[axis] < dims[axis])
                break;
            place[axis] = 0;
        }
    }
    return result;
}

/// Swaps the first and the last of three channels of a kernel [O, 3, …].
void turnColours(Tensor& kernel) {
    const auto area = kernel.elements() / (kernel.shape()[0] * kernel.shape()[1]);
    const auto values = kernel.span<float>();
    for (std::int64_t filter = 0; filter < kernel.shape()[0]; ++filter) {
        const auto red = values.begin() + filter * 3 * area;
        std::swap_ranges(red, red + area, red + 2 * area);
    }
}

bool isOf(std::string_view key, std::string_view layer) {
    return key.size() > layer.size() && key.starts_with(layer) &&
           (key[layer.size()] == '/' || key[layer.size()] == '.');
}

/// Leaves the reader of a file.
struct ReadingStopped {};

void give(WeightPlan& plan, WeightRow& row, std::size_t tensor) {
    const auto& given = plan.tensors[tensor];
    auto axes = fittingAxes(given, row.shape);
    if (!axes)
        throw Error("{} is {} and does not fit {}, which is {}", given.name, toString(given.shape),
                    row.key, toString(row.shape));
    for (auto& other : plan.rows)
        if (&other != &row && other.tensor == tensor) {
            other.tensor.reset();
            other.axes.clear();
            other.by = MatchedBy::Nothing;
            other.why = fmt::format("{} was given to {}", given.name, row.key);
        }
    row.tensor = tensor;
    row.axes = *std::move(axes);
    row.by = MatchedBy::Hand;
    row.why = "chosen by hand";
}

void takeAway(WeightRow& row) {
    row.tensor.reset();
    row.axes.clear();
    row.by = MatchedBy::Hand;
    row.why = "chosen by hand: keeps its first values";
}

} // namespace

std::vector<UnusedTensor> WeightPlan::unused() const {
    std::set<std::size_t> used(counters.begin(), counters.end());
    for (const auto& row : rows)
        if (row.tensor)
            used.insert(*row.tensor);
    std::vector<UnusedTensor> list;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (used.contains(i))
            continue;
        const bool fits = std::ranges::any_of(
            rows, [&](const WeightRow& row) { return plainTensor(tensors[i]).shape == row.shape; });
        list.push_back({i, fits ? "the weights of this shape have others"
                                : "the network has no weight of this shape"});
    }
    return list;
}

std::size_t WeightPlan::matched() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(rows, [](const WeightRow& row) { return row.tensor.has_value(); }));
}

WeightPlan planWeights(const OpGraph& graph, const std::vector<ForeignTensor>& tensors) {
    const auto units = weightUnits(graph);
    auto [modules, counters] = modulesOf(tensors);
    const auto matches = WeightMatcher(graph, units, tensors, modules).run();
    WeightPlan plan{tensors, {}, std::move(counters)};
    std::map<std::uint32_t, WeightRow> rows;
    for (std::size_t i = 0; i < units.size(); ++i)
        for (const auto& leaf : units[i].leaves) {
            const auto& spec = graph.weight(leaf.weight);
            WeightRow row{spec.key, spec.shape};
            row.readsColours =
                units[i].readsColours && spec.shape.rank() == 4 && spec.shape[1] == 3;
            row.why = matches[i].why;
            const auto tensor =
                matches[i].module ? modules[*matches[i].module].tensorOf(leaf.leaf) : std::nullopt;
            if (tensor && plainTensor(tensors[*tensor]).shape.elements() == spec.shape.elements()) {
                row.tensor = tensor;
                row.axes = plainTensor(tensors[*tensor]).axes;
                row.by = matches[i].by;
            } else if (matches[i].module) {
                row.why = fmt::format("{} of the file has no {}", modules[*matches[i].module].name,
                                      leaf.leaf);
            }
            rows.emplace(leaf.weight.value, std::move(row));
        }
    for (auto& [id, row] : rows)
        plan.rows.push_back(std::move(row));
    return plan;
}

std::optional<AxisOrder> fittingAxes(const ForeignTensor& tensor, const Shape& shape) {
    const auto plain = plainTensor(tensor);
    if (plain.shape == shape)
        return plain.axes;
    if (isSameButForOnes(plain.shape, shape))
        return plain.axes;
    const auto& given = tensor.shape;
    if (given.rank() == 2 && shape.rank() == 2 && given[0] == shape[1] && given[1] == shape[0])
        return AxisOrder{1, 0};
    return {};
}

void correct(WeightPlan& plan, std::string_view weight, std::string_view tensor) {
    std::vector<WeightRow*> rows;
    for (auto& row : plan.rows)
        if (row.key == weight || isOf(row.key, weight))
            rows.push_back(&row);
    if (rows.empty())
        throw Error("the network has no weight and no layer \"{}\"", weight);
    if (tensor.empty()) {
        for (auto* const row : rows)
            takeAway(*row);
        return;
    }
    const auto found = std::ranges::find(plan.tensors, tensor, &ForeignTensor::name);
    if (found != plan.tensors.end()) {
        if (rows.size() > 1)
            throw Error("{} is one tensor, and {} has {} weights; name one of them, such as {}",
                        tensor, weight, rows.size(), rows.front()->key);
        return give(plan, *rows.front(), static_cast<std::size_t>(found - plan.tensors.begin()));
    }
    const auto modules = modulesOf(plan.tensors).modules;
    const auto module = std::ranges::find(modules, tensor, &ForeignModule::name);
    if (module == modules.end())
        throw Error("the file has no tensor and no module \"{}\"", tensor);
    for (auto* const row : rows) {
        const auto leaf = row->key.substr(row->key.find_last_of("./") + 1);
        if (const auto at = module->tensorOf(plainLeaf(leaf)))
            give(plan, *row, *at);
        else
            takeAway(*row);
    }
}

std::optional<Weights> readPlanned(const WeightArchive& archive, const WeightPlan& plan,
                                   ColourOrder colours, const std::stop_token& stop,
                                   const std::function<void(double)>& progress) {
    std::map<std::string, std::vector<const WeightRow*>, std::less<>> byTensor;
    std::vector<std::string> names;
    for (const auto& row : plan.rows)
        if (row.tensor) {
            auto& readers = byTensor[plan.tensors[*row.tensor].name];
            if (readers.empty())
                names.push_back(plan.tensors[*row.tensor].name);
            readers.push_back(&row);
        }
    Weights weights;
    std::size_t done = 0;
    const auto take = [&](const std::string& name, const Tensor& tensor) {
        if (stop.stop_requested())
            throw ReadingStopped();
        for (const auto* const row : byTensor.at(name)) {
            auto values = withAxes(tensor, row->axes).reshaped(row->shape);
            if (colours == ColourOrder::Bgr && row->readsColours)
                turnColours(values);
            weights.values.emplace_back(row->key, std::move(values));
        }
        if (progress)
            progress(static_cast<double>(++done) / static_cast<double>(names.size()));
    };
    try {
        archive.read(names, take);
    } catch (const ReadingStopped&) {
        return {};
    }
    return weights;
}

} // namespace gradwright
