// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/feed_parts.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace gradwright {

std::int64_t lengthOf(const DataInfo& data) {
    return data.input.rank() == 0 ? 0 : data.input[0];
}

std::string rangeName(std::int64_t first, std::int64_t size) {
    return size == 1 ? fmt::format("{}", first) : fmt::format("{}-{}", first, first + size - 1);
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

bool areImages(const std::vector<SamplePart>& parts) {
    return std::ranges::all_of(parts, [](const auto& part) { return part.image.rank() == 3; });
}

bool haveOneHeightAndWidth(const std::vector<SamplePart>& images) {
    return std::ranges::all_of(images, [&](const SamplePart& part) {
        return part.image[1] == images.front().image[1] && part.image[2] == images.front().image[2];
    });
}

/// Whether they make one thing: numbers, or images of one size.
bool canBeJoined(const std::vector<SamplePart>& parts) {
    return std::ranges::none_of(parts, [](const auto& part) { return part.image.rank() == 3; }) ||
           (areImages(parts) && haveOneHeightAndWidth(parts));
}

Shape shapeOf(const std::vector<SamplePart>& parts, const DataInfo& data) {
    if (!parts.empty() && areImages(parts) && haveOneHeightAndWidth(parts)) {
        auto shape = parts.front().image;
        shape[0] = 0;
        for (const auto& part : parts)
            shape[0] += part.image[0];
        return shape;
    }
    auto shape = data.input;
    shape[0] = sizeOf(parts);
    return shape;
}

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

std::vector<SamplePart> columnParts(const DataInfo& data) {
    std::vector<SamplePart> parts;
    std::int64_t next = 0;
    for (const auto& column : data.columns) {
        const auto image = column.image ? column.image->shape : Shape{};
        const auto size = column.image && data.input.rank() == 3
                              ? image[0]
                              : static_cast<std::int64_t>(column.inputs());
        parts.push_back({column.name, next, size, image});
        next += size;
    }
    return parts;
}

} // namespace gradwright
