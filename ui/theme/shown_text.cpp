// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/shown_text.h"

#include "engine/data/text/text_corpus.h"
#include "ui/theme/text.h"

#include <QCoreApplication>

#include <cmath>

namespace gradwright {

QString plainNumber(double value, int digits) {
    constexpr double kExponentFrom = 1e9;
    const double size = std::abs(value);
    // Rounding may add a digit: 9999.6 has five.
    const bool isWhole =
        std::isfinite(value) && size < kExponentFrom && size >= std::pow(10, digits) - 0.5;
    const QString text =
        isWhole ? QString::number(value, 'f', 0) : QString::number(value, 'g', digits);
    return text.startsWith(u'-') ? QChar(0x2212) + text.sliced(1) : text;
}

QString shownCharacter(const std::string& character) {
    const auto translated = [](const char* text) {
        return QCoreApplication::translate("ShownText", text);
    };
    if (character == " ")
        return translated("space");
    if (character == "\n")
        return translated("new line");
    if (character == "\t")
        return translated("tab");
    if (character == kUnknownCharacter)
        return translated("unknown");
    return qstr(character);
}

} // namespace gradwright
