// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/constant_units.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/backend/program_cache.h"
#include "engine/data/feed/batcher.h"
#include "engine/inference/optimized_network.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace gradwright {
namespace {

/// What the units of a group are where one reader reads them.
struct WatchedUnits {
    const UnitGroup* group;
    UnitReader reader;
    std::vector<double> first{}; ///< by unit: the number that it is, while it is constant
    std::vector<bool> isConstant{};

    void see(const Tensor& batch, std::int64_t samples) {
        const auto numbers = numbersOf(batch);
        const auto units = static_cast<std::size_t>(group->units);
        const auto inner = numbers.size() / (static_cast<std::size_t>(samples) * units);
        if (first.empty()) {
            isConstant.assign(units, true);
            for (std::size_t unit = 0; unit < units; ++unit)
                first.push_back(numbers[unit * inner]);
        }
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const auto unit = i / inner % units;
            if (isConstant[unit] && !(numbers[i] == first[unit])) // NaN is no constant
                isConstant[unit] = false;
        }
    }
    [[nodiscard]] bool mayGo(std::size_t unit) const {
        return isConstant[unit] && (first[unit] == 0 || !reader.isPadded);
    }
};

/// The graph with what is watched as its outputs.
OpGraph watchingGraph(const OpGraph& graph, const std::vector<WatchedUnits>& watched) {
    auto made = graph;
    std::set<ValueId> values;
    std::vector<NamedValue> outputs;
    for (const auto& each : watched)
        if (values.insert(each.reader.value).second)
            outputs.push_back({fmt::format("units {}", outputs.size()), each.reader.value});
    made.setOutputs(std::move(outputs));
    made.clearLosses();
    made.setScore({});
    return made;
}

std::vector<UnitsToRemove> removalsOf(const std::vector<UnitGroup>& groups,
                                      const std::vector<WatchedUnits>& watched) {
    std::vector<UnitsToRemove> removals;
    for (const auto& group : groups) {
        UnitsToRemove removal{group,
                              std::vector<bool>(static_cast<std::size_t>(group.units), true)};
        for (const auto& each : watched) {
            if (each.group != &group)
                continue;
            removal.constants.push_back(each.first);
            for (std::size_t unit = 0; unit < removal.isGone.size(); ++unit)
                removal.isGone[unit] = removal.isGone[unit] && each.mayGo(unit);
        }
        if (std::ranges::find(removal.isGone, false) == removal.isGone.end())
            removal.isGone[0] = false; // a layer without outputs is none
        if (std::ranges::find(removal.isGone, true) != removal.isGone.end())
            removals.push_back(std::move(removal));
    }
    return removals;
}

} // namespace

std::optional<std::vector<UnitsToRemove>> constantUnits(const InferenceModel& model, ValueId input,
                                                        std::shared_ptr<const DataSource> samples,
                                                        std::vector<std::uint32_t> indices,
                                                        Precision precision,
                                                        const std::stop_token& stop) {
    if (indices.empty())
        throw Error("there are no samples to see which units are constant");
    const auto groups = unitGroups(model.graph);
    std::vector<WatchedUnits> watched;
    for (const auto& group : groups)
        for (const auto& reader : group.readers)
            watched.push_back({&group, reader});
    if (watched.empty())
        return std::vector<UnitsToRemove>{};
    ProgramCache programs(backendFor({.precision = precision}), watchingGraph(model.graph, watched),
                          {.precision = precision});
    const auto size = evaluationBatch(programs.graph());
    programs.get(size, Mode::Inference);
    writeWeights(*programs.weights(), weightsOf(model));
    Batcher batcher(std::move(samples), std::move(indices), size, std::nullopt);
    batcher.startEpoch(0);
    while (const auto* batch = batcher.next()) {
        auto& program = programs.get(batch->count, Mode::Inference);
        const std::array inputs{BatchInput{input, batch->input(), batch->scaling}};
        if (!program.forward(inputs, {}, stop))
            return {};
        for (auto& each : watched)
            each.see(program.read(each.reader.value), batch->count);
    }
    return removalsOf(groups, watched);
}

} // namespace gradwright
