// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/feed_parts.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// By Input.

bool fits(const Shares& shares, const DataInfo& data, const std::vector<InputNode>& inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (!inputs[i].shape || shares[i].empty() ||
            inputs[i].shape->elements() != shapeOf(shares[i], data).elements())
            return false;
    return true;
}

/// The units that are given whole: columns, or single elements.
std::vector<SamplePart> unitsOf(const DataInfo& data) {
    auto units = columnParts(data);
    if (units.empty())
        for (std::int64_t i = 0; i < lengthOf(data); ++i)
            units.push_back({rangeName(i, 1), i, 1});
    return units;
}

/// In order, as many as each takes.
Shares sharesBySize(const std::vector<SamplePart>& units, const DataInfo& data,
                    const std::vector<InputNode>& inputs) {
    Shares shares(inputs.size());
    std::size_t next = 0;
    for (const auto& unit : units) {
        const auto isFull = [&](std::size_t i) {
            return inputs[i].shape && !shares[i].empty() &&
                   shapeOf(shares[i], data).elements() >= inputs[i].shape->elements();
        };
        while (next + 1 < inputs.size() && isFull(next))
            ++next;
        shares[next].push_back(unit);
    }
    return shares;
}

/// Images, each to an Input of its shape, or else to one that is left; where there are too few, to
/// one that has images of their size. Numbers to a vector of their length, or else to the first
/// Input that is left. Nothing where that leaves an Input without parts or parts without an Input.
std::optional<Shares> sharesOfImages(const std::vector<SamplePart>& units,
                                     const std::vector<InputNode>& inputs) {
    Shares shares(inputs.size());
    const auto firstFree = [&](auto&& suits) {
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (shares[i].empty() && suits(inputs[i]))
                return i;
        return inputs.size();
    };
    const auto anyInput = [](const InputNode&) { return true; };
    std::vector<SamplePart> numbers;
    for (const auto& unit : units)
        if (unit.image.rank() != 3)
            numbers.push_back(unit);
    const auto takeNumbers = [&](std::size_t owner) {
        if (owner == inputs.size() || numbers.empty())
            return;
        shares[owner] = std::exchange(numbers, {});
    };
    // An Input that is drawn as a vector of just that length is meant for the numbers.
    const auto width = sizeOf(numbers);
    takeNumbers(firstFree([&](const InputNode& input) { return input.shape == Shape{width}; }));
    std::vector<SamplePart> waiting;
    for (const auto& unit : units) {
        if (unit.image.rank() != 3)
            continue;
        const auto owner =
            firstFree([&](const InputNode& input) { return input.shape == unit.image; });
        if (owner == inputs.size())
            waiting.push_back(unit);
        else
            shares[owner].push_back(unit);
    }
    /// The Input that has images of that size.
    const auto sharedBy = [&](const SamplePart& unit) {
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (!shares[i].empty() && canBeJoined({shares[i].front(), unit}))
                return i;
        return inputs.size();
    };
    const auto isEmpty = [](const auto& share) { return share.empty(); };
    // Those that look like images first.
    const auto isPlanar = [](const InputNode& input) {
        return input.shape && input.shape->rank() == 3;
    };
    for (const auto& unit : waiting) {
        const auto kept = numbers.empty() ? 0 : 1; // Inputs
        const bool hasSpare = std::ranges::count_if(shares, isEmpty) > kept;
        auto owner = hasSpare ? firstFree(isPlanar) : sharedBy(unit);
        if (hasSpare && owner == inputs.size())
            owner = firstFree(anyInput);
        if (owner == inputs.size())
            return {};
        shares[owner].push_back(unit);
    }
    takeNumbers(firstFree(anyInput));
    const bool works = numbers.empty() && std::ranges::none_of(shares, isEmpty);
    return works ? std::optional(std::move(shares)) : std::nullopt;
}

/// Numbers to one Input and categories to the other.
Shares sharesByKind(const std::vector<SamplePart>& units, const DataInfo& data, bool numbersFirst) {
    Shares shares(2);
    for (std::size_t i = 0; i < units.size(); ++i)
        shares[data.columns[i].isNumeric() == numbersFirst ? 0 : 1].push_back(units[i]);
    return shares;
}

Shares equalShares(const std::vector<SamplePart>& units, std::size_t count) {
    Shares shares(count);
    for (std::size_t i = 0; i < units.size(); ++i)
        shares[i * count / units.size()].push_back(units[i]);
    return shares;
}

std::optional<Shares> suggestedShares(const std::vector<SamplePart>& units, const DataInfo& data,
                                      const std::vector<InputNode>& inputs) {
    if (std::ranges::any_of(units, [](const auto& unit) { return unit.image.rank() == 3; }))
        return sharesOfImages(units, inputs);
    std::vector<Shares> candidates{sharesBySize(units, data, inputs)};
    if (inputs.size() == 2 && !data.columns.empty())
        for (const bool numbersFirst : {true, false})
            candidates.push_back(sharesByKind(units, data, numbersFirst));
    const auto found = std::ranges::find_if(
        candidates, [&](const Shares& shares) { return fits(shares, data, inputs); });
    return found == candidates.end() ? equalShares(units, inputs.size()) : std::move(*found);
}

} // namespace

std::optional<Fix> suggestAssignment(const DataInfo& data, const std::vector<InputNode>& inputs) {
    const auto units = unitsOf(data);
    if (inputs.empty() || units.size() < inputs.size())
        return {};
    auto shares = suggestedShares(units, data, inputs);
    if (!shares)
        return {};
    Fix fix{fmt::format("Assign {} to the Inputs", data.columns.empty() ? "parts" : "columns"),
            {},
            InputAssignment{}};
    NetworkEdit::Group edits;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        fix.assignment->inputs.emplace(
            inputs[i].name,
            namesOf(data.columns.empty() ? joinedParts((*shares)[i]) : (*shares)[i]));
        const auto shape = shapeOf((*shares)[i], data);
        const bool isTaken =
            inputs[i].shape && inputs[i].shape->elements() == shape.elements() &&
            (!areImages((*shares)[i]) || inputs[i].shape == shape || inputs[i].shape->rank() == 1);
        if (!isTaken)
            edits.push_back({SetParam{"", inputs[i].id, "shape", IntTuple(shape.dims())}});
    }
    fix.edit = {std::move(edits)};
    return fix;
}

} // namespace gradwright
