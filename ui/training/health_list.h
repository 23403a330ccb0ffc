// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/alarm.h"

#include <QFrame>

#include <cstddef>
#include <vector>

class QVBoxLayout;

namespace gradwright {

class ThemeManager;

/// What has gone wrong with the run that is shown, one alarm a row: when, in which layer, why, and
/// a button for what can be done about it. Hidden while nothing is wrong.
class HealthList : public QFrame {
    Q_OBJECT

public:
    struct Entry {
        Alarm alarm;
        bool canBeCured = false; ///< the project does not have the remedy yet
    };

    explicit HealthList(ThemeManager& theme, QWidget* parent = nullptr);

    void setEntries(std::vector<Entry> entries);
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

Q_SIGNALS:
    void layerChosen(const QString& path);
    void remedyChosen(const gradwright::Alarm& alarm);

private:
    QWidget* rowFor(const Entry& entry);

    ThemeManager* theme_;
    QVBoxLayout* rows_;
    std::vector<Entry> entries_;
};

} // namespace gradwright
