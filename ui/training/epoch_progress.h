// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/spoken.h"

#include <QWidget>

namespace gradwright {

class ThemeManager;

/// A bar with one segment per epoch.
class EpochProgress : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit EpochProgress(ThemeManager& theme, QWidget* parent = nullptr);

    void setProgress(double epoch, std::int64_t epochs);

    [[nodiscard]] QSize sizeHint() const override { return {300, 8}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::ProgressBar; }
    [[nodiscard]] std::optional<Range> spokenRange() const override;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    ThemeManager* theme_;
    double epoch_ = 0;
    std::int64_t epochs_ = 1;
};

} // namespace gradwright
