// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/predictor.h"

#include <QWidget>

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

class ThemeManager;

/// The answer in large, and a bar a class. Rows never move.
class PredictionPanel : public QWidget {
    Q_OBJECT

public:
    explicit PredictionPanel(ThemeManager& theme, QWidget* parent = nullptr);

    void setClasses(std::vector<std::string> classes);
    void setPrediction(std::optional<Prediction> prediction);
    /// What to do or what is wrong, where there is no answer.
    void setHint(const QString& hint);

    [[nodiscard]] const std::optional<Prediction>& prediction() const { return prediction_; }
    /// The name of the class that was read; empty without an answer.
    [[nodiscard]] QString answer() const;
    [[nodiscard]] QSize sizeHint() const override { return {480, 216}; }

protected:
    void paintEvent(QPaintEvent*) override;

private:
    void paintAnswer(QPainter& painter, const QRect& area) const;
    void paintBars(QPainter& painter, const QRect& area) const;
    [[nodiscard]] int nameWidth() const;
    [[nodiscard]] QString name(std::size_t index) const;

    ThemeManager* theme_;
    std::vector<std::string> classes_;
    std::optional<Prediction> prediction_;
    QString hint_;
};

} // namespace gradwright
