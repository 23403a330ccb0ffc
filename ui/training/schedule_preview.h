// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/settings.h"
#include "ui/theme/spoken.h"

#include <QWidget>

#include <optional>

namespace gradwright {

class ThemeManager;

/// The learning rate over all epochs, and where a training stands.
class SchedulePreview : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit SchedulePreview(ThemeManager& theme, QWidget* parent = nullptr);

    void setSettings(const TrainingSettings& settings);
    /// The epoch that a training has reached.
    void setPosition(std::optional<double> epoch);

    [[nodiscard]] QSize sizeHint() const override { return {200, 72}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QString spokenText() const override;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    ThemeManager* theme_;
    TrainingSettings settings_;
    std::optional<double> position_;
};

} // namespace gradwright
