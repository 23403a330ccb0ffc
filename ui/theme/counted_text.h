// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/text.h"

namespace gradwright {

/// `one` where there is one, else `several` with the number, as fullNumber() writes it, in place of
/// its %1: "1 sample", "9,248 samples".
inline QString countedText(std::int64_t count, const QString& one, const QString& several) {
    return count == 1 ? one : several.arg(fullNumber(count));
}

} // namespace gradwright
