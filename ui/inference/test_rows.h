// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/evaluation_job.h"

#include <QAbstractTableModel>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gradwright {

class ThemeManager;

/// The rows of a test table with what a network says of them: the surest mistakes first, then the
/// least sure right ones; of values the largest errors first, each target's measured by its spread
/// in training.
class TestRows final : public QAbstractTableModel {
    Q_OBJECT

public:
    explicit TestRows(ThemeManager& theme, QObject* parent = nullptr);

    void setReport(std::shared_ptr<const TestReport> report);
    /// The number in the test set of a row that is shown.
    [[nodiscard]] std::int64_t sampleAt(int row) const {
        return order_[static_cast<std::size_t>(row)];
    }
    /// Where a sample is shown; -1 where it is not.
    [[nodiscard]] int rowOf(std::int64_t sample) const;
    /// How many rows have another class than was read.
    [[nodiscard]] std::int64_t wrong() const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;

private:
    [[nodiscard]] bool hasClasses() const { return !report_->readings.empty(); }
    [[nodiscard]] std::size_t targets() const;
    /// Columns before those of the table: the row's number, and what is right and what was read.
    [[nodiscard]] int leading() const;
    [[nodiscard]] double errorOf(std::size_t sample) const;
    [[nodiscard]] QString textAt(std::size_t sample, int column) const;
    [[nodiscard]] const std::string& cell(std::size_t sample, std::size_t column) const;

    ThemeManager* theme_;
    std::shared_ptr<const TestReport> report_;
    std::vector<std::uint32_t> order_;
    mutable std::int64_t cellsOf_ = -1; ///< whose cells are kept
    mutable std::vector<std::string> cells_;
};

} // namespace gradwright
