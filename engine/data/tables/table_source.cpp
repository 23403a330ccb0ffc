// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_source.h"

#include "engine/data/tables/table_columns.h"
#include "engine/support/error.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

template <typename Values>
std::span<const typename Values::value_type> rowOf(const Values& all, std::int64_t index,
                                                   std::size_t width) {
    return std::span(all).subspan(static_cast<std::size_t>(index) * width, width);
}

} // namespace

TableSource::TableSource(Shape shape, Shape targetShape, std::size_t rows)
    : shape_(std::move(shape))
    , targetShape_(std::move(targetShape))
    , rows_(rows) {}

/// Calls for each column, in their order, number(column, values), category(column, category) or
/// image(column, files).
template <typename Number, typename Category, typename Image>
void TableSource::forEachColumn(std::int64_t index, Number number, Category category,
                                Image image) const {
    auto numbersLeft = rowOf(values, index, values.size() / rows_);
    auto category_ = rowOf(categories, index, categories.size() / rows_).begin();
    auto files = images.begin();
    for (const auto& column : columns)
        if (column.image) {
            image(column, *files++);
        } else if (!column.categories.empty()) {
            category(column, *category_++);
        } else {
            number(column, numbersLeft.first(column.inputs()));
            numbersLeft = numbersLeft.subspan(column.inputs());
        }
}

void TableSource::input(std::int64_t index, std::span<float> out) const {
    if (images.empty() && categories.empty()) {
        std::ranges::copy(rowOf(values, index, out.size()), out.begin());
        return;
    }
    const auto take = [&](const TableColumn& column) {
        const auto taken = out.first(column.inputs());
        out = out.subspan(taken.size());
        return taken;
    };
    forEachColumn(
        index,
        [&](const TableColumn& column, std::span<const float> numbers) {
            std::ranges::copy(numbers, take(column).begin());
        },
        [&](const TableColumn& column, std::uint16_t category) {
            const auto inputs = take(column);
            std::ranges::fill(inputs, 0.0F);
            if (category != kNoCategory)
                inputs[category] = 1;
        },
        [&](const TableColumn& column, const ImageFiles& files) {
            files.read(static_cast<std::size_t>(index), take(column));
        });
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
    forEachColumn(
        index,
        [&](const TableColumn& column, std::span<const float> numbers) {
            const auto place = static_cast<std::size_t>(index) * columns.size() + texts.size();
            const bool isThere = !std::ranges::binary_search(missing, place);
            texts.push_back(isThere ? cellOf(column, numbers) : std::string());
        },
        [&](const TableColumn& column, std::uint16_t category) {
            texts.push_back(category == kNoCategory ? std::string() : column.categories[category]);
        },
        [&](const TableColumn&, const ImageFiles& files) {
            texts.push_back(files.path(static_cast<std::size_t>(index)));
        });
    return texts;
}

} // namespace gradwright
