// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_source.h"

#include "engine/data/tables/table_columns.h"
#include "engine/support/error.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

std::span<const float> rowOf(const std::vector<float>& all, std::int64_t index, std::size_t width) {
    return std::span(all).subspan(static_cast<std::size_t>(index) * width, width);
}

} // namespace

TableSource::TableSource(Shape shape, Shape targetShape, std::size_t rows)
    : shape_(std::move(shape))
    , targetShape_(std::move(targetShape))
    , rows_(rows) {}

void TableSource::input(std::int64_t index, std::span<float> out) const {
    const auto width = values.size() / rows_;
    auto row = rowOf(values, index, width);
    for (const auto& image : images) {
        const auto before = std::min(image.numbersBefore, row.size());
        std::ranges::copy(row.first(before), out.begin());
        row = row.subspan(before);
        const auto elements = static_cast<std::size_t>(image.files.how().shape.elements());
        image.files.read(static_cast<std::size_t>(index), out.subspan(before, elements));
        out = out.subspan(before + elements);
    }
    std::ranges::copy(row, out.begin());
}

std::int32_t TableSource::label(std::int64_t index) const {
    return classes.empty() ? 0 : classes[static_cast<std::size_t>(index)];
}

void TableSource::target(std::int64_t index, std::span<float> out) const {
    std::ranges::copy(rowOf(targets, index, out.size()), out.begin());
}

std::string TableSource::origin(std::int64_t index) const {
    return fmt::format("line {}", lines[static_cast<std::size_t>(index)]);
}

std::vector<std::string> TableSource::cells(std::int64_t index) const {
    std::vector<std::string> texts;
    auto row = rowOf(values, index, values.size() / rows_);
    auto image = images.begin();
    for (const auto& column : columns) {
        const auto place = static_cast<std::size_t>(index) * columns.size() + texts.size();
        if (column.image) {
            texts.push_back(image->files.path(static_cast<std::size_t>(index)));
            ++image;
            continue;
        }
        const bool isThere = !std::ranges::binary_search(missing, place);
        texts.push_back(isThere ? cellOf(column, row.first(column.inputs())) : std::string());
        row = row.subspan(column.inputs());
    }
    return texts;
}

} // namespace gradwright
