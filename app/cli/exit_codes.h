// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

namespace gradwright::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

/// A value on the command line that cannot be right.
class UsageError : public Error {
public:
    using Error::Error;
};

} // namespace gradwright::cli
