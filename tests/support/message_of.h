// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

#include <QString>

namespace gradwright::test {

/// The message of the Error that `call` throws, or "no error".
template <class F>
QString messageOf(F call) {
    try {
        static_cast<void>(call());
    } catch (const Error& error) {
        return QString::fromStdString(error.what());
    }
    return QStringLiteral("no error");
}

} // namespace gradwright::test
