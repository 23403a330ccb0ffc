// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

namespace gradwright {

/// A training ended for a reason outside of it, and its run can be resumed as it is.
class RunInterrupted : public Error {
public:
    using Error::Error;
};

} // namespace gradwright
