// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/confusion.h"
#include "ui/theme/spoken.h"

#include <QImage>
#include <QWidget>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

class ThemeManager;

/// How often each class was read as which; a click chooses a cell.
class ConfusionView : public QWidget, public Spoken {
    Q_OBJECT

public:
    /// True class and read class.
    using Cell = std::pair<std::size_t, std::size_t>;

    explicit ConfusionView(ThemeManager& theme, QWidget* parent = nullptr);

    void setMatrix(ConfusionMatrix matrix, std::vector<std::string> classes);
    [[nodiscard]] const ConfusionMatrix& matrix() const { return matrix_; }
    [[nodiscard]] std::optional<Cell> chosen() const { return chosen_; }
    [[nodiscard]] QRectF rectOf(Cell cell) const;

    [[nodiscard]] QSize sizeHint() const override { return {460, 400}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    void chosenChanged();

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent* event) override;
    /// Arrows go from cell to cell, Escape chooses none.
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    void paintHeaders(QPainter& painter) const;
    /// Pixels: as large as the widest count leaves room for.
    [[nodiscard]] int countFontSize() const;
    void paintCell(QPainter& painter, Cell cell, std::int64_t most) const;
    void paintDense(QPainter& painter);
    /// Whether the cells are too small for counts.
    [[nodiscard]] bool isDense() const;
    [[nodiscard]] QColor fillOf(Cell cell, std::int64_t most) const;
    /// The largest count beside the diagonal, at least 1.
    [[nodiscard]] std::int64_t mostMistakes() const;
    [[nodiscard]] std::optional<Cell> cellAt(QPointF position) const;
    [[nodiscard]] QString cellText(Cell cell) const;
    [[nodiscard]] QString name(std::size_t index) const;
    /// Where the cells begin: the classes' names stand before them.
    [[nodiscard]] double left() const { return left_; }
    void choose(std::optional<Cell> cell);
    [[nodiscard]] QSizeF cellSize() const;

    ThemeManager* theme_;
    ConfusionMatrix matrix_;
    std::vector<std::string> classes_;
    std::optional<Cell> chosen_;
    double left_ = 0;
    QImage dots_; ///< of many classes; null until it is needed
};

} // namespace gradwright
