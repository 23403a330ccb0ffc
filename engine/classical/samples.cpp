// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/samples.h"

#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/support/system_memory.h"
#include "engine/training/feeds.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gradwright {
namespace {

constexpr std::size_t kRowsBetweenChecks = 256;

/// The elements of the first axis that a part names: a column, "3" or "0-11".
SamplePart partNamed(const std::string& name, const std::vector<SamplePart>& columns,
                     std::int64_t length) {
    const auto column = std::ranges::find(columns, name, &SamplePart::name);
    if (column != columns.end())
        return *column;
    std::int64_t first = -1;
    const auto* const end = name.data() + name.size();
    auto [rest, fault] = std::from_chars(name.data(), end, first);
    auto last = first;
    if (fault == std::errc() && rest != end && *rest == '-')
        rest = std::from_chars(rest + 1, end, last).ptr;
    if (rest != end || first < 0 || last < first || last >= length)
        throw Error("the data leave out \"{}\", which no sample has", name);
    return {name, first, last - first + 1};
}

void requireMemory(std::size_t bytes) {
    const auto available = availableMemory();
    const auto needed = static_cast<std::int64_t>(bytes);
    if (available && needed > *available)
        throw Error("the samples take {} as rows of numbers, and {} of memory are free: use fewer "
                    "(--limit)",
                    bytesText(needed), bytesText(*available));
}

} // namespace

Samples Samples::picked(std::span<const std::uint32_t> rows) const {
    Samples made;
    made.features = features;
    made.classes = classes;
    made.width = width;
    made.inputs.reserve(rows.size() * features);
    for (const auto sample : rows) {
        const auto values = row(sample);
        made.inputs.insert(made.inputs.end(), values.begin(), values.end());
        if (classes > 0) {
            made.labels.push_back(labels[sample]);
        } else {
            const auto wanted = target(sample);
            made.targets.insert(made.targets.end(), wanted.begin(), wanted.end());
        }
    }
    return made;
}

std::string whyNoClassicalMethods(const DataInfo& data) {
    if (data.hasClasses() && data.target.rank() > 0)
        return "its samples are texts with a class at each step; classical methods take rows of "
               "numbers with one class or value each";
    if (data.reconstructs)
        return "its samples are their own targets, which every method would only copy";
    return {};
}

std::vector<bool> usedElements(const DataInfo& info, std::size_t elements) {
    std::vector<bool> used(elements, true);
    if (info.assignment.leftOut.empty())
        return used;
    const auto length = info.input[0];
    const auto stride = elements / static_cast<std::size_t>(length);
    const auto columns = columnParts(info);
    for (const auto& name : info.assignment.leftOut) {
        const auto part = partNamed(name, columns, length);
        const auto first = static_cast<std::size_t>(part.first) * stride;
        for (std::size_t i = 0; i < static_cast<std::size_t>(part.size) * stride; ++i)
            used[first + i] = false;
    }
    return used;
}

Samples samplesOf(const DataSource& source, std::span<const std::uint32_t> indices,
                  const DataInfo& info, const Watch& watch) {
    if (const auto reason = whyNoClassicalMethods(info); !reason.empty())
        throw Error("classical methods cannot learn this data set: {}", reason);
    const auto elements = static_cast<std::size_t>(source.shape().elements());
    const auto used = usedElements(info, elements);
    Samples made;
    made.features = static_cast<std::size_t>(std::ranges::count(used, true));
    if (made.features == 0)
        throw Error("all parts of the samples are left out, so there is nothing to learn from");
    made.classes = info.classes.size();
    made.width = made.classes > 0 ? 0 : static_cast<std::size_t>(source.targetShape().elements());
    requireMemory(indices.size() * (made.features + made.width) * sizeof(float));
    made.inputs.reserve(indices.size() * made.features);
    made.targets.resize(indices.size() * made.width);
    std::vector<float> input(elements);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (i % kRowsBetweenChecks == 0)
            watch.reach(static_cast<double>(i) / static_cast<double>(indices.size()));
        source.input(indices[i], input);
        for (std::size_t e = 0; e < elements; ++e) {
            if (!std::isfinite(input[e]))
                throw Error("number {} of sample {} is {}: classical methods need finite numbers",
                            e + 1, indices[i] + 1, input[e]);
            if (used[e])
                made.inputs.push_back(input[e]);
        }
        if (made.classes > 0)
            made.labels.push_back(source.label(indices[i]));
        else
            source.target(indices[i], std::span(made.targets).subspan(i * made.width, made.width));
    }
    return made;
}

} // namespace gradwright
