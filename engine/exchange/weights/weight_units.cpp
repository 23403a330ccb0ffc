// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/weights/weight_units.h"

#include "engine/exchange/weights/weight_names.h"

#include <algorithm>
#include <map>

namespace gradwright {
namespace {

class UnitFinder {
public:
    explicit UnitFinder(const OpGraph& graph)
        : graph_(graph)
        , unitOfValue_(graph.values().size()) {}

    std::vector<WeightUnit> run() {
        for (const auto& op : graph_.ops())
            add(op);
        // Formulas read weights as values.
        for (std::uint32_t i = 0; i < graph_.weights().size(); ++i)
            unitFor(WeightId{i});
        findShortcuts();
        for (auto& unit : units_)
            std::ranges::sort(unit.leaves, {}, &UnitLeaf::leaf);
        return std::move(units_);
    }

private:
    using Place = std::optional<std::size_t>;

    std::size_t unitFor(WeightId id) {
        if (const auto known = ofWeight_.find(id.value); known != ofWeight_.end())
            return known->second;
        const auto& key = graph_.weight(id).key;
        const auto end = key.find_last_of("./");
        const auto path = end == std::string::npos ? std::string() : key.substr(0, end);
        const auto [place, isNew] = byPath_.emplace(path, units_.size());
        if (isNew) {
            units_.push_back({path});
            units_.back().isAuxiliary = plainName(path).find("aux") != std::string::npos;
        }
        units_[place->second].leaves.push_back(
            {plainLeaf(key.substr(end == std::string::npos ? 0 : end + 1)), id});
        return ofWeight_.emplace(id.value, place->second).first->second;
    }

    /// The unit whose values the op takes, through ops without weights.
    [[nodiscard]] Place behind(const Op& op) const {
        return op.inputs.empty() ? Place{} : unitOfValue_[op.inputs.front().index()];
    }

    void add(const Op& op) {
        Place made = behind(op);
        const auto before = made;
        for (const auto id : op.weights) {
            const auto at = unitFor(id);
            made = at;
            auto& unit = units_[at];
            if (std::holds_alternative<BatchNormOp>(op.attributes) ||
                std::holds_alternative<NormalizeOp>(op.attributes)) {
                unit.isNormalization = true;
                unit.source = before;
            } else if (before && units_[*before].isNormalization && !units_[*before].reader) {
                units_[*before].reader = at;
            }
            unit.readsColours = unit.readsColours || readsColours(op);
        }
        for (const auto output : op.outputs)
            unitOfValue_[output.index()] = made;
    }

    [[nodiscard]] bool readsColours(const Op& op) const {
        if (op.inputs.empty() || !std::holds_alternative<ConvOp>(op.attributes))
            return false;
        const auto& value = graph_.value(op.inputs.front());
        return !value.source && !value.weight && !value.constant && value.type.isPerSample() &&
               value.type.sample().rank() == 3 && value.type.sample()[0] == 3;
    }

    /// The units without normalizations on the way from where it branches off to the value.
    [[nodiscard]] std::vector<std::size_t> wayTo(ValueId value) const {
        std::vector<std::size_t> way;
        while (const auto* const op = graph_.producerOf(value)) {
            if (graph_.usesOf(value).size() > 1 || op->inputs.empty())
                break;
            for (const auto id : op->weights)
                if (const auto unit = ofWeight_.at(id.value);
                    !units_[unit].isNormalization && (way.empty() || way.back() != unit))
                    way.push_back(unit);
            value = op->inputs.front();
        }
        return way;
    }

    void findShortcuts() {
        for (const auto& op : graph_.ops()) {
            if (!std::holds_alternative<AddOp>(op.attributes) || op.inputs.size() != 2)
                continue;
            const auto left = wayTo(op.inputs[0]);
            const auto right = wayTo(op.inputs[1]);
            const auto& shorter = left.size() < right.size() ? left : right;
            if (shorter.size() == 1 && left.size() != right.size())
                units_[shorter.front()].isShortcut = true;
        }
        for (auto& unit : units_)
            if (unit.isNormalization && unit.source)
                unit.isShortcut = units_[*unit.source].isShortcut;
    }

    const OpGraph& graph_;
    std::vector<WeightUnit> units_;
    std::vector<Place> unitOfValue_;
    std::map<std::string, std::size_t> byPath_;
    std::map<std::uint32_t, std::size_t> ofWeight_;
};

} // namespace

std::vector<WeightUnit> weightUnits(const OpGraph& graph) {
    return UnitFinder(graph).run();
}

} // namespace gradwright
