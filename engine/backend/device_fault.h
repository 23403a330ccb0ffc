// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

namespace gradwright {

/// A device refused or failed at what the engine asked of it; the request was right.
class DeviceFault : public Error {
public:
    enum class Kind {
        OutOfMemory, ///< of the device's own
        Passing,     ///< the next request may succeed
        Lasting      ///< the device answers nothing more in this process
    };

    DeviceFault(Kind kind, const std::string& message)
        : Error(message)
        , kind_(kind) {}

    [[nodiscard]] Kind kind() const { return kind_; }

private:
    Kind kind_;
};

} // namespace gradwright
