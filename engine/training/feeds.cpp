// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/feeds.h"

#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

namespace gradwright {
namespace {

// Whose an element of the first axis is: an Input by number, or one of these.
constexpr std::int64_t kNobody = -1;
constexpr std::int64_t kLeftOut = -2;
constexpr std::int64_t kUnknown = -3; ///< an Input that is not there

std::int64_t lengthOf(const DataInfo& data) {
    return data.input.rank() == 0 ? 0 : data.input[0];
}

std::string rangeName(std::int64_t first, std::int64_t size) {
    return size == 1 ? fmt::format("{}", first) : fmt::format("{}-{}", first, first + size - 1);
}

/// "3" or "0-11", within a sample.
std::optional<SamplePart> rangeFrom(std::string_view text, std::int64_t length) {
    std::int64_t first = 0;
    const auto* end = text.data() + text.size();
    auto parsed = std::from_chars(text.data(), end, first);
    auto last = first;
    if (parsed.ec == std::errc{} && parsed.ptr != end && *parsed.ptr == '-')
        parsed = std::from_chars(parsed.ptr + 1, end, last);
    if (parsed.ec != std::errc{} || parsed.ptr != end || first < 0 || last < first ||
        last >= length)
        return {};
    return SamplePart{rangeName(first, last - first + 1), first, last - first + 1};
}

std::string quoted(const std::vector<std::string>& names) {
    constexpr std::size_t kMostNames = 8;
    const std::vector<std::string> shown(
        names.begin(),
        names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNames)));
    return fmt::format("\"{}\"{}", fmt::join(shown, "\", \""),
                       names.size() > kMostNames ? " …" : "");
}

std::vector<std::string> namesOf(const std::vector<SamplePart>& parts) {
    std::vector<std::string> names;
    for (const auto& part : parts)
        names.push_back(part.name);
    return names;
}

std::int64_t sizeOf(const std::vector<SamplePart>& parts) {
    return std::accumulate(
        parts.begin(), parts.end(), std::int64_t{0},
        [](std::int64_t sum, const SamplePart& part) { return sum + part.size; });
}

Shape shapeOf(const std::vector<SamplePart>& parts, const DataInfo& data) {
    auto shape = data.input;
    shape[0] = sizeOf(parts);
    return shape;
}

/// Works out one assignment.
class Resolver {
public:
    Resolver(const DataInfo& data, const std::vector<InputNode>& inputs)
        : data_(data)
        , inputs_(inputs)
        , columns_(columnParts(data))
        , owners_(static_cast<std::size_t>(lengthOf(data)), kNobody) {}

    Feeds run() {
        for (const auto& [name, parts] : data_.assignment.inputs) {
            const auto found = std::ranges::find(inputs_, name, &InputNode::name);
            const bool isKnown = found != inputs_.end();
            if (!isKnown)
                report({},
                       fmt::format("The data's {} {} are assigned to an Input \"{}\", which the "
                                   "network does not have.",
                                   noun(2), quoted(parts), name));
            for (const auto& part : parts)
                claim(part, isKnown ? found - inputs_.begin() : kUnknown);
        }
        for (const auto& part : data_.assignment.leftOut)
            claim(part, kLeftOut);
        collect();
        reportUnassigned();
        return std::move(made_);
    }

private:
    [[nodiscard]] std::string noun(std::size_t count) const {
        return fmt::format("{}{}", columns_.empty() ? "part" : "column", count == 1 ? "" : "s");
    }

    void report(const std::string& input, std::string message, std::vector<Fix> fixes = {}) {
        if (fixes.empty())
            if (auto fix = suggestAssignment(data_, inputs_))
                fixes.push_back(*std::move(fix));
        made_.problems.push_back({input, std::move(message), std::move(fixes)});
    }

    void claim(const std::string& text, std::int64_t owner) {
        std::optional<SamplePart> part;
        if (columns_.empty()) {
            part = rangeFrom(text, lengthOf(data_));
            if (!part)
                return report({}, fmt::format("\"{}\" is no part of a sample: write numbers from 0 "
                                              "to {} as \"3\" or \"0-11\".",
                                              text, lengthOf(data_) - 1));
        } else {
            const auto found = std::ranges::find(columns_, text, &SamplePart::name);
            if (found == columns_.end())
                return report({}, fmt::format("The data set has no column \"{}\"; it has {}.", text,
                                              quoted(namesOf(columns_))));
            part = *found;
        }
        for (auto i = part->first; i < part->first + part->size; ++i) {
            auto& place = owners_[static_cast<std::size_t>(i)];
            if (place != kNobody)
                return report({}, fmt::format("The {} \"{}\" is assigned twice; it belongs to one "
                                              "Input.",
                                              noun(1), text));
            place = owner;
        }
    }

    /// The parts of an owner: columns, or the ranges that touch joined.
    [[nodiscard]] std::vector<SamplePart> partsOf(std::int64_t owner) const {
        std::vector<SamplePart> parts;
        for (const auto& column : columns_)
            if (owners_[static_cast<std::size_t>(column.first)] == owner)
                parts.push_back(column);
        for (std::size_t i = 0; columns_.empty() && i < owners_.size(); ++i) {
            if (owners_[i] != owner)
                continue;
            if (i > 0 && owners_[i - 1] == owner)
                parts.back().size += 1;
            else
                parts.push_back({{}, static_cast<std::int64_t>(i), 1});
            parts.back().name = rangeName(parts.back().first, parts.back().size);
        }
        return parts;
    }

    void collect() {
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            auto parts = partsOf(static_cast<std::int64_t>(i));
            if (parts.empty()) {
                report(inputs_[i].name,
                       fmt::format("No {} of the data is assigned to this Input.", noun(1)));
                continue;
            }
            auto shape = shapeOf(parts, data_);
            made_.feeds.push_back({inputs_[i].name, std::move(parts), std::move(shape)});
        }
    }

    void reportUnassigned() {
        const auto parts = partsOf(kNobody);
        if (parts.empty())
            return;
        const auto names = namesOf(parts);
        std::vector<Fix> fixes;
        for (const auto& input : inputs_) {
            auto given = data_.assignment;
            auto& all = given.inputs[input.name];
            all.insert(all.end(), names.begin(), names.end());
            Fix fix{fmt::format("Assign {} to {}", quoted(names), input.name),
                    NetworkEdit{NetworkEdit::Group{}}, std::move(given)};
            const auto feed = std::ranges::find(made_.feeds, input.name, &Feed::input);
            const auto has = feed == made_.feeds.end() ? 0 : feed->shape.elements();
            // First the Input that lacks as much.
            const bool fits =
                input.shape && input.shape->elements() == has + shapeOf(parts, data_).elements();
            fixes.insert(fits ? fixes.begin() : fixes.end(), std::move(fix));
        }
        auto without = data_.assignment;
        without.leftOut.insert(without.leftOut.end(), names.begin(), names.end());
        fixes.push_back({fmt::format("Leave {} out", quoted(names)),
                         NetworkEdit{NetworkEdit::Group{}}, std::move(without)});
        report(
            {},
            fmt::format("No Input gets the {} {} of the data.", noun(names.size()), quoted(names)),
            std::move(fixes));
    }

    const DataInfo& data_;
    const std::vector<InputNode>& inputs_;
    std::vector<SamplePart> columns_;
    std::vector<std::int64_t> owners_; ///< by element of the first axis
    Feeds made_;
};

/// By Input.
using Shares = std::vector<std::vector<SamplePart>>;

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

/// Those that touch as one range.
std::vector<SamplePart> joinedParts(const std::vector<SamplePart>& parts) {
    std::vector<SamplePart> joined;
    for (const auto& part : parts) {
        if (!joined.empty() && joined.back().first + joined.back().size == part.first)
            joined.back().size += part.size;
        else
            joined.push_back(part);
        joined.back().name = rangeName(joined.back().first, joined.back().size);
    }
    return joined;
}

} // namespace

std::vector<SamplePart> columnParts(const DataInfo& data) {
    std::vector<SamplePart> parts;
    std::int64_t next = 0;
    for (const auto& column : data.columns) {
        const auto size = static_cast<std::int64_t>(column.inputs());
        parts.push_back({column.name, next, size});
        next += size;
    }
    return parts;
}

Feeds feedsOf(const DataInfo& data, const std::vector<InputNode>& inputs) {
    return Resolver(data, inputs).run();
}

bool feedsAlike(const DataInfo& a, const DataInfo& b) {
    if (a.assignment.empty() && b.assignment.empty())
        return true;
    std::set<std::string> names;
    for (const auto* data : {&a, &b})
        for (const auto& [name, parts] : data->assignment.inputs)
            names.insert(name);
    std::vector<InputNode> inputs;
    for (const auto& name : names)
        inputs.push_back({name, {}, {}});
    const auto shares = [&](const DataInfo& data) {
        Shares result;
        // The only Input gets all where nothing is said.
        if (data.assignment.empty() && inputs.size() == 1)
            return Shares{joinedParts({{{}, 0, lengthOf(data)}})};
        for (const auto& feed : feedsOf(data, inputs).feeds)
            result.push_back(joinedParts(feed.parts));
        return result;
    };
    return shares(a) == shares(b);
}

std::optional<Fix> suggestAssignment(const DataInfo& data, const std::vector<InputNode>& inputs) {
    const auto units = unitsOf(data);
    if (inputs.empty() || units.size() < inputs.size())
        return {};
    std::vector<Shares> candidates{sharesBySize(units, data, inputs)};
    if (inputs.size() == 2 && !data.columns.empty())
        for (const bool numbersFirst : {true, false})
            candidates.push_back(sharesByKind(units, data, numbersFirst));
    const auto found = std::ranges::find_if(
        candidates, [&](const Shares& shares) { return fits(shares, data, inputs); });
    const auto shares =
        found == candidates.end() ? equalShares(units, inputs.size()) : std::move(*found);
    Fix fix{fmt::format("Assign {} to the Inputs", data.columns.empty() ? "parts" : "columns"),
            {},
            InputAssignment{}};
    NetworkEdit::Group edits;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        fix.assignment->inputs.emplace(
            inputs[i].name, namesOf(data.columns.empty() ? joinedParts(shares[i]) : shares[i]));
        const auto shape = shapeOf(shares[i], data);
        if (!inputs[i].shape || inputs[i].shape->elements() != shape.elements())
            edits.push_back({SetParam{"", inputs[i].id, "shape", IntTuple(shape.dims())}});
    }
    fix.edit = {std::move(edits)};
    return fix;
}

ValueId feedInputs(OpGraph& graph, const DataInfo& data) {
    if (data.assignment.empty()) {
        if (graph.inputs().size() != 1)
            throw Error("the network has {} inputs, and the data are not assigned to them",
                        graph.inputs().size());
        return graph.inputs().front().value;
    }
    const auto fed = graph.inputs();
    std::vector<InputNode> inputs;
    for (const auto& input : fed)
        inputs.push_back({input.name, {}, graph.type(input.value).sample()});
    auto feeds = feedsOf(data, inputs).feeds;
    for (auto& feed : feeds)
        feed.parts = joinedParts(feed.parts);
    const auto sample = graph.addInput("data", {data.input});
    // One cut at each end of a part.
    std::vector<std::int64_t> cuts{0, data.input[0]};
    for (const auto& feed : feeds)
        for (const auto& part : feed.parts)
            cuts.insert(cuts.end(), {part.first, part.first + part.size});
    std::ranges::sort(cuts);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<std::int64_t> sizes(cuts.size() - 1);
    for (std::size_t i = 0; i < sizes.size(); ++i)
        sizes[i] = cuts[i + 1] - cuts[i];
    std::size_t place = 0;
    const auto pieces = sizes.size() == 1
                            ? std::vector<ValueId>{sample}
                            : graph.insert(place++, SplitOp{1, sizes}, {sample}, "data");
    for (const auto& [name, value] : fed) {
        const auto feed = std::ranges::find(feeds, name, &Feed::input);
        if (feed == feeds.end())
            throw Error("no part of the data is assigned to the Input {}", name);
        std::vector<ValueId> own;
        for (const auto& part : feed->parts)
            for (std::size_t i = 0; i < pieces.size(); ++i)
                if (cuts[i] >= part.first && cuts[i + 1] <= part.first + part.size)
                    own.push_back(pieces[i]);
        auto whole = own.size() == 1
                         ? own.front()
                         : graph.insert(place++, ConcatOp::ofSample(0), own, name).front();
        const auto shape = graph.type(value).sample();
        if (graph.type(whole).sample() != shape)
            whole = graph.insert(place++, ReshapeOp::ofSample(shape), {whole}, name).front();
        graph.replaceUses(value, whole);
        graph.removeInput(value);
    }
    return sample;
}

} // namespace gradwright
