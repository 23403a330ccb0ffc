// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

namespace gradwright {

/// Values that grew beyond what numbers can hold: a NaN or an infinity.
class DivergedError : public Error {
public:
    using Error::Error;

    /// The layer or the weight that had the first such value; empty where it is not known.
    std::string where = {};
};

} // namespace gradwright
