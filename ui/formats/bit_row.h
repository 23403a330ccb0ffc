// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/number_format.h"
#include "ui/theme/theme_manager.h"

#include <QString>
#include <QWidget>

#include <vector>

class QPushButton;

namespace gradwright {

/// The bits of a number, each a button that turns it over: sign, exponent and mantissa in colours
/// of their own, the highest first. With the focus on one, left and right go to its neighbours.
class BitRow final : public QWidget {
    Q_OBJECT
public:
    explicit BitRow(const ThemeManager& themes, QWidget* parent = nullptr);

    void show(const NumberFormat& format, std::uint64_t bits);
    [[nodiscard]] std::uint64_t bits() const { return bits_; }
    /// Counted from the lowest.
    [[nodiscard]] QPushButton* button(int bit) const;

Q_SIGNALS:
    void changed(std::uint64_t bits);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void makeButtons();
    void dress();
    [[nodiscard]] QString partOf(int bit) const;

    const ThemeManager* themes_;
    const NumberFormat* format_ = nullptr;
    std::uint64_t bits_ = 0;
    std::vector<QPushButton*> buttons_; ///< the highest bit first
};

} // namespace gradwright
