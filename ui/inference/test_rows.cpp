// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/test_rows.h"

#include "ui/plots/scale.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace gradwright {

TestRows::TestRows(ThemeManager& theme, QObject* parent)
    : QAbstractTableModel(parent)
    , theme_(&theme) {}

void TestRows::setReport(std::shared_ptr<const TestReport> report) {
    beginResetModel();
    report_ = std::move(report);
    order_.clear();
    cellsOf_ = -1;
    if (report_) {
        order_.resize(static_cast<std::size_t>(report_->samples));
        std::iota(order_.begin(), order_.end(), 0U);
        if (hasClasses()) {
            const auto& readings = report_->readings;
            const auto key = [&](std::uint32_t i) {
                const auto& each = readings[i];
                return std::pair(each.correct(),
                                 each.correct() ? each.probability : -each.probability);
            };
            std::ranges::stable_sort(order_, {}, key);
        } else {
            std::ranges::stable_sort(order_, std::greater(),
                                     [&](std::uint32_t i) { return errorOf(i); });
        }
    }
    endResetModel();
}

std::size_t TestRows::targets() const {
    return report_->model->data->info.targetNames.size();
}

double TestRows::errorOf(std::size_t sample) const {
    const auto& scaling = report_->model->data->info.targetScaling;
    double sum = 0;
    for (std::size_t t = 0; t < targets(); ++t) {
        const auto at = sample * targets() + t;
        sum += std::abs(static_cast<double>(report_->outputs[at] - report_->targets[at])) /
               scaling[t].deviation;
    }
    return sum;
}

int TestRows::rowOf(std::int64_t sample) const {
    const auto found = std::ranges::find(order_, sample);
    return found == order_.end() ? -1 : static_cast<int>(found - order_.begin());
}

std::int64_t TestRows::wrong() const {
    return report_ ? std::ranges::count_if(report_->readings,
                                           [](const Reading& each) { return !each.correct(); })
                   : 0;
}

int TestRows::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(order_.size());
}

int TestRows::leading() const {
    return hasClasses() ? 4 : 1 + 3 * static_cast<int>(targets());
}

int TestRows::columnCount(const QModelIndex& parent) const {
    if (parent.isValid() || !report_)
        return 0;
    return leading() + static_cast<int>(report_->model->data->info.columns.size());
}

const std::string& TestRows::cell(std::size_t sample, std::size_t column) const {
    if (std::exchange(cellsOf_, static_cast<std::int64_t>(sample)) !=
        static_cast<std::int64_t>(sample))
        cells_ = report_->model->data->test->cells(static_cast<std::int64_t>(sample));
    return cells_[column];
}

QString TestRows::textAt(std::size_t sample, int column) const {
    if (column == 0)
        return fullNumber(static_cast<std::int64_t>(sample) + 1);
    if (column >= leading())
        return qstr(cell(sample, static_cast<std::size_t>(column - leading())));
    if (hasClasses()) {
        const auto& reading = report_->readings[sample];
        const auto& classes = report_->model->data->info.classes;
        if (column == 3)
            return percent(static_cast<double>(reading.probability), 1);
        return qstr(
            classes[static_cast<std::size_t>(column == 1 ? reading.label : reading.predicted)]);
    }
    const auto at = sample * targets() + static_cast<std::size_t>((column - 1) / 3);
    const auto output = static_cast<double>(report_->outputs[at]);
    const auto target = static_cast<double>(report_->targets[at]);
    const double shown = (column - 1) % 3 == 0   ? target
                         : (column - 1) % 3 == 1 ? output
                                                 : output - target;
    return plainNumber(shown, 4);
}

QVariant TestRows::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || !report_)
        return {};
    const auto sample = static_cast<std::size_t>(sampleAt(index.row()));
    if (role == Qt::DisplayRole)
        return textAt(sample, index.column());
    if (role == Qt::ForegroundRole && hasClasses() && index.column() == 2 &&
        !report_->readings[sample].correct())
        return theme_->theme().error;
    if (role == Qt::ToolTipRole && index.column() >= leading())
        return textAt(sample, index.column());
    return {};
}

QVariant TestRows::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || !report_)
        return {};
    const auto& info = report_->model->data->info;
    if (section == 0)
        return tr("Row");
    if (section >= leading())
        return qstr(info.columns[static_cast<std::size_t>(section - leading())].name);
    if (hasClasses())
        return section == 1 ? tr("Truth") : section == 2 ? tr("Predicted") : tr("Confidence");
    if (targets() == 1 && section == 2)
        return tr("Predicted");
    const auto name = qstr(info.targetNames[static_cast<std::size_t>((section - 1) / 3)]);
    return (section - 1) % 3 == 0   ? name
           : (section - 1) % 3 == 1 ? tr("%1, predicted").arg(name)
                                    : tr("Error");
}

} // namespace gradwright

#include "moc_test_rows.cpp"
