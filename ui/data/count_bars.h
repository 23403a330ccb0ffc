// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/spoken.h"

#include <QWidget>

#include <cstdint>
#include <vector>

namespace gradwright {

class ThemeManager;

/// Counts as bars, one below the other: a name, a bar that is as long as its share of the largest,
/// and the count. Where they can be chosen, a click, the arrow keys and Enter choose one.
class CountBars final : public QWidget, public Spoken {
    Q_OBJECT

public:
    struct Row {
        QString name;
        std::int64_t count = 0;

        bool operator==(const Row&) const = default;
    };

    explicit CountBars(const ThemeManager& themes, QWidget* parent = nullptr);

    void setRows(std::vector<Row> rows);
    [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
    /// Whether rows can be chosen; not at first.
    void setChoosable(bool choosable);
    /// The chosen row; -1: none.
    void setChosen(int row);
    [[nodiscard]] int chosen() const { return chosen_; }

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    /// A row, or -1 where the chosen one was clicked again.
    void rowChosen(int row);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] int rowAt(QPoint place) const;
    void choose(int row);

    const ThemeManager* themes_;
    std::vector<Row> rows_;
    bool choosable_ = false;
    int chosen_ = -1;
    int current_ = 0; ///< of the keyboard
};

} // namespace gradwright
