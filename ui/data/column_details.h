// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/table_survey.h"

#include <QWidget>

#include <vector>

class QGridLayout;
class QLabel;

namespace gradwright {

class CountBars;
class HistogramView;
class ThemeManager;

/// What one column of a table holds: statistics, how its values are distributed, and how it goes
/// together with the target.
class ColumnDetails : public QWidget {
    Q_OBJECT

public:
    explicit ColumnDetails(const ThemeManager& themes, QWidget* parent = nullptr);

    /// `type`: see typeText().
    void setColumn(const ColumnFacts& column, const QString& type, std::size_t rows,
                   const QString& target);

private:
    void addFigure(const QString& name, const QString& value);

    QLabel* name_;
    QLabel* type_;
    QGridLayout* figures_;
    HistogramView* histogram_;
    CountBars* common_;
    QLabel* commonTitle_;
    QLabel* histogramTitle_;
    QLabel* first_;
    QLabel* association_;
};

} // namespace gradwright
