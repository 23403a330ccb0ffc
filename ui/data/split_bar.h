// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/part_counts.h"
#include "ui/theme/spoken.h"

#include <QTimer>
#include <QWidget>

namespace gradwright {

class ThemeManager;

/// How the samples are shared out to training, validation and test, as one bar. Its two borders are
/// dragged, or moved by the arrow keys: left and right move a border by a hundredth (with Shift by
/// a twentieth), up and down go to the other one. A border that the data fix does not move.
class SplitBar final : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit SplitBar(const ThemeManager& themes, QWidget* parent = nullptr);

    void setCounts(const PartNumbers& counts, bool testIsFixed);
    void setLocked(bool locked);
    /// Shares of all samples, as they are shown now.
    [[nodiscard]] const std::array<double, kDataParts>& shares() const { return shares_; }
    /// Where a border is, in the widget: 0 is that of training, 1 that of the test part.
    [[nodiscard]] QPoint borderAt(int border) const;

    [[nodiscard]] QSize sizeHint() const override { return {220, 32}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {140, 32}; }
    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Slider; }
    [[nodiscard]] QString spokenText() const override;
    [[nodiscard]] std::optional<Range> spokenRange() const override;

Q_SIGNALS:
    /// The border of training is where it is to stay: the share of validation among the samples
    /// that are not for the test.
    void validationChosen(double share);
    /// The same of the border of the test part: its share among all samples. That of validation
    /// among the rest stays.
    void testChosen(double share);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    [[nodiscard]] double positionOf(int border) const;
    [[nodiscard]] bool mayMove(int border) const;
    void move(int border, double position);
    void commit();

    const ThemeManager* themes_;
    PartNumbers counts_{};
    std::array<double, kDataParts> shares_{1, 0, 0};
    bool testIsFixed_ = true;
    bool locked_ = false;
    std::array<bool, 2> isMoved_{}; ///< by border
    int dragged_ = -1;              ///< border under the mouse; -1: none
    int current_ = 0;               ///< border of the keyboard
    QTimer settled_;                ///< keys come one after the other
};

} // namespace gradwright
