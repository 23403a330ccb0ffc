// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/spoken.h"

#include <QWidget>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradwright {

class ThemeManager;

/// Predicted over true values of test samples: on the line where the network is right. A click
/// chooses a sample.
class ScatterView final : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit ScatterView(ThemeManager& theme, QWidget* parent = nullptr);

    /// Of the samples 0, 1, …, in the value's own unit. Both hold as many.
    void setPoints(const QString& name, std::vector<float> truths, std::vector<float> predictions);
    [[nodiscard]] std::size_t points() const { return truths_.size(); }
    [[nodiscard]] QPointF placeOf(std::size_t sample) const;
    /// The sample nearest to a place, -1 where none is near.
    [[nodiscard]] std::int64_t sampleAt(QPointF place) const;

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    void sampleChosen(std::int64_t sample);

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] QRectF area() const;
    [[nodiscard]] QPointF toWidget(double truth, double prediction) const;
    void paintAxes(QPainter& painter) const;

    ThemeManager* theme_;
    QString name_;
    std::vector<float> truths_;
    std::vector<float> predictions_;
    double least_ = 0; ///< of both, for both axes
    double most_ = 1;
};

} // namespace gradwright
