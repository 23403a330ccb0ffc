// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/sample_origins.h"
#include "engine/data/tables/image_column.h"
#include "engine/data/tables/table_column.h"
#include "engine/support/uninitialized.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// Prepared rows, and the image files of them.
class TableSource final : public DataSource, public SampleOrigins {
public:
    TableSource(Shape shape, Shape targetShape, std::size_t rows);

    [[nodiscard]] std::int64_t size() const override { return static_cast<std::int64_t>(rows_); }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    [[nodiscard]] const Shape& targetShape() const override { return targetShape_; }
    void input(std::int64_t index, std::span<float> out) const override;
    [[nodiscard]] std::int32_t label(std::int64_t index) const override;
    [[nodiscard]] bool isCostly() const override { return !images.empty(); }
    void target(std::int64_t index, std::span<float> out) const override;
    [[nodiscard]] std::vector<std::string> cells(std::int64_t index) const override;
    [[nodiscard]] std::string origin(std::int64_t index) const override;

    static constexpr std::uint16_t kNoCategory = 0xFFFF;

    RawVector<float> values; ///< of columns of numbers and pixels, row by row
    /// Of the columns of categories, row by row; kNoCategory for one that is missing or unknown.
    RawVector<std::uint16_t> categories;
    std::vector<ImageFiles> images;    ///< in the order of the columns
    std::vector<std::int32_t> classes; ///< none where targets are values
    std::vector<float> targets;
    std::vector<TableColumn> columns;
    std::vector<std::uint32_t> lines; ///< of the file, in which each row begins
    std::vector<std::size_t> missing; ///< row × columns + column of the cells without a value

private:
    template <typename Number, typename Category, typename Image>
    void forEachColumn(std::int64_t index, Number number, Category category, Image image) const;

    Shape shape_;
    Shape targetShape_;
    std::size_t rows_;
};

} // namespace gradwright
