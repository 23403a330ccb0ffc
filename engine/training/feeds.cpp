// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/feeds.h"

#include "engine/support/error.h"
#include "engine/training/feed_parts.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>
#include <utility>

namespace gradwright {
namespace {

// Whose an element of the first axis is: an Input by number, or one of these.
constexpr std::int64_t kNobody = -1;
constexpr std::int64_t kLeftOut = -2;
constexpr std::int64_t kUnknown = -3; ///< an Input that is not there

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

/// Works out one assignment.
class Resolver {
public:
    Resolver(const DataInfo& data, const std::vector<InputNode>& inputs)
        : data_(data)
        , inputs_(inputs)
        , columns_(columnParts(data))
        , owners_(columns_.empty() ? static_cast<std::size_t>(lengthOf(data)) : columns_.size(),
                  kNobody) {}

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
        std::optional<SamplePart> part; // of owners_
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
            part = SamplePart{text, found - columns_.begin(), 1};
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
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (owners_[i] == owner)
                parts.push_back(columns_[i]);
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
            if (!canBeJoined(parts)) {
                reportMixture(inputs_[i], parts);
                continue;
            }
            auto shape = shapeOf(parts, data_);
            const bool isImage = areImages(parts);
            made_.feeds.push_back({inputs_[i].name, std::move(parts), std::move(shape), isImage});
        }
    }

    void reportMixture(const InputNode& input, const std::vector<SamplePart>& parts) {
        std::vector<SamplePart> images;
        std::vector<SamplePart> others;
        for (const auto& part : parts)
            (part.image.rank() == 3 ? images : others).push_back(part);
        auto message =
            others.empty()
                ? fmt::format(
                      "The columns {} are images of different sizes, which cannot share an "
                      "Input: {} and {}, say.",
                      quoted(namesOf(images)), toString(images.front().image),
                      toString(std::ranges::find_if(
                                   images,
                                   [&](const auto& part) {
                                       return !haveOneHeightAndWidth({images.front(), part});
                                   })
                                   ->image))
                : fmt::format("Images ({}) and numbers ({}) cannot share an Input; give each an "
                              "Input of its own.",
                              quoted(namesOf(images)), quoted(namesOf(others)));
        std::vector<Fix> fixes;
        if (auto all = suggestAssignment(data_, inputs_))
            fixes.push_back(*std::move(all));
        if (others.empty()) {
            Fix fix{fmt::format("Read all of them as {}", toString(images.front().image)),
                    NetworkEdit{NetworkEdit::Group{}}};
            for (const auto& image : images)
                if (!haveOneHeightAndWidth({images.front(), image}))
                    fix.imageShapes.emplace(image.name, images.front().image);
            fixes.push_back(std::move(fix));
        } else {
            for (const auto* kept : {&images, &others})
                fixes.push_back(withoutOthers(input, *kept, kept == &images ? others : images));
        }
        report(input.name, std::move(message), std::move(fixes));
    }

    /// The Input keeps some of its parts, and the others are left out.
    [[nodiscard]] Fix withoutOthers(const InputNode& input, const std::vector<SamplePart>& kept,
                                    const std::vector<SamplePart>& others) const {
        Fix fix{fmt::format("Leave {} out", quoted(namesOf(others))),
                NetworkEdit{NetworkEdit::Group{}}, data_.assignment};
        fix.assignment->inputs.insert_or_assign(input.name, namesOf(kept));
        const auto names = namesOf(others);
        auto& out = fix.assignment->leftOut;
        out.insert(out.end(), names.begin(), names.end());
        return fix;
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
            auto joined = feed == made_.feeds.end() ? std::vector<SamplePart>{} : feed->parts;
            joined.insert(joined.end(), parts.begin(), parts.end());
            if (!canBeJoined(joined))
                continue;
            const auto has = feed == made_.feeds.end() ? 0 : feed->shape.elements();
            // First the Input that lacks as much.
            const bool fits =
                input.shape && input.shape->elements() == has + shapeOf(parts, data_).elements();
            fixes.insert(fits ? fixes.begin() : fixes.end(), std::move(fix));
        }
        if (fixes.empty())
            if (auto all = suggestAssignment(data_, inputs_))
                fixes.push_back(*std::move(all));
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

} // namespace

bool isMixed(const DataInfo& data) {
    return !canBeJoined(columnParts(data));
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
