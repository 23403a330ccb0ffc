// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/formats/bit_row.h"

#include <QGridLayout>
#include <QKeyEvent>
#include <QPushButton>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kBitsPerLine = 32;
constexpr int kBitWidth = 22;
constexpr int kBitHeight = 30;

} // namespace

BitRow::BitRow(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    auto* const grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(3);
    connect(themes_, &ThemeManager::changed, this, &BitRow::dress);
}

QPushButton* BitRow::button(int bit) const {
    return buttons_[buttons_.size() - 1 - static_cast<std::size_t>(bit)];
}

QString BitRow::partOf(int bit) const {
    if (bit == format_->bits() - 1)
        return tr("sign");
    return bit >= format_->mantissaBits ? tr("exponent") : tr("mantissa");
}

void BitRow::makeButtons() {
    for (QPushButton* const each : buttons_)
        each->deleteLater();
    buttons_.clear();
    auto* const grid = static_cast<QGridLayout*>(layout());
    const int count = format_->bits();
    for (int i = 0; i < count; ++i) {
        auto* const made = new QPushButton(this);
        const int bit = count - 1 - i;
        made->setCheckable(true);
        made->setFixedSize(kBitWidth, kBitHeight);
        made->installEventFilter(this);
        connect(made, &QPushButton::clicked, this, [this, bit](bool set) {
            const auto mask = std::uint64_t{1} << bit;
            show(*format_, set ? bits_ | mask : bits_ & ~mask);
            Q_EMIT changed(bits_);
        });
        grid->addWidget(made, i / kBitsPerLine, i % kBitsPerLine);
        made->show();
        buttons_.push_back(made);
    }
    grid->setColumnStretch(kBitsPerLine, 1);
    dress();
}

void BitRow::show(const NumberFormat& format, std::uint64_t bits) {
    const bool isOther = format_ != &format;
    format_ = &format;
    bits_ = bits;
    if (isOther)
        makeButtons();
    for (int bit = 0; bit < format.bits(); ++bit) {
        auto* const each = button(bit);
        const bool set = (bits >> bit & 1) != 0;
        each->setChecked(set);
        each->setText(set ? QStringLiteral("1") : QStringLiteral("0"));
        each->setAccessibleName(tr("Bit %1, %2: %3").arg(bit).arg(partOf(bit)).arg(set ? 1 : 0));
        each->setToolTip(tr("Bit %1, %2").arg(bit).arg(partOf(bit)));
    }
}

void BitRow::dress() {
    if (format_ == nullptr)
        return;
    const Theme& theme = themes_->theme();
    for (int bit = 0; bit < format_->bits(); ++bit) {
        const QColor edge = bit == format_->bits() - 1     ? theme.error
                            : bit >= format_->mantissaBits ? theme.accentHover
                                                           : theme.text3;
        button(bit)->setStyleSheet(
            QStringLiteral("QPushButton { padding: 0; border: 1px solid %1; border-bottom: 4px "
                           "solid %1; border-radius: 3px; background: %2; color: %3; }"
                           "QPushButton:focus { background: %4; }")
                .arg(edge.name(), theme.field.name(), theme.text.name(), theme.selection.name()));
    }
}

bool BitRow::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        const auto at = std::ranges::find(buttons_, watched);
        const bool right = key == Qt::Key_Right;
        if ((right || key == Qt::Key_Left) && at != buttons_.end()) {
            if (right && at + 1 != buttons_.end())
                (*(at + 1))->setFocus();
            else if (!right && at != buttons_.begin())
                (*(at - 1))->setFocus();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace gradwright

#include "moc_bit_row.cpp"
