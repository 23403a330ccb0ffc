// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/live_reader.h"
#include "ui/theme/spoken.h"

#include <QWidget>

#include <optional>

class QLabel;

namespace gradwright {

class ThemeManager;

/// The exact input of the network, pixel by pixel.
class PixelView : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit PixelView(ThemeManager& theme, QWidget* parent = nullptr);

    void setInput(std::optional<PreparedInput> input);
    void setDrawing(bool isDrawing);
    [[nodiscard]] const std::optional<PreparedInput>& input() const { return input_; }

    [[nodiscard]] QSize sizeHint() const override { return {280, 280}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Graphic; }
    [[nodiscard]] QString spokenText() const override;

protected:
    void paintEvent(QPaintEvent*) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] QSize pixels() const;
    [[nodiscard]] QRect box() const;

    ThemeManager* theme_;
    std::optional<PreparedInput> input_;
    bool isDrawing_ = true;
};

/// The pixels with the figures that say how they came about.
class PixelPanel : public QWidget {
    Q_OBJECT

public:
    explicit PixelPanel(ThemeManager& theme, QWidget* parent = nullptr);

    void setInput(const std::optional<PreparedInput>& input);
    /// How pictures of the chosen data are made, and whether these are drawings.
    void setPreparation(const Preparation& preparation, bool isDrawing);
    [[nodiscard]] PixelView& view() { return *view_; }

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    PixelView* view_;
    QWidget* digitsOnly_; ///< what is done to digits alone
    QLabel* box_;
    QLabel* minimum_;
    QLabel* maximum_;
    QLabel* mean_;
};

} // namespace gradwright
