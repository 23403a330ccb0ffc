// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/text.h"

#include "engine/support/byte_text.h"

#include <QLocale>

#include <array>
#include <cmath>

namespace gradwright {

namespace {

template <std::size_t N>
QString scaled(double value, double step, const std::array<const char*, N>& units) {
    std::size_t unit = 0;
    while (std::abs(value) >= step && unit + 1 < N) {
        value /= step;
        ++unit;
    }
    const int decimals = unit > 0 && std::abs(value) < 10 ? 1 : 0;
    return QString::number(value, 'f', decimals) + QString::fromLatin1(units[unit]);
}

} // namespace

QString shortNumber(std::int64_t value) {
    return scaled(static_cast<double>(value), 1000, std::array{"", " K", " M", " G", " T"});
}

QString fullNumber(std::int64_t value) {
    return QLocale(QLocale::English).toString(static_cast<qlonglong>(value));
}

QString byteSize(std::int64_t bytes) {
    return qstr(bytesText(bytes));
}

} // namespace gradwright
