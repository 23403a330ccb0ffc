// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>
#include <string>
#include <string_view>

namespace gradwright {

inline QString qstr(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// Three digits at most, with K, M, G or T: "320", "9.2 K", "15.5 M".
QString shortNumber(std::int64_t value);
/// With separators of thousands: "9,248".
QString fullNumber(std::int64_t value);
/// In units of 1024: "98 KiB".
QString byteSize(std::int64_t bytes);

} // namespace gradwright
