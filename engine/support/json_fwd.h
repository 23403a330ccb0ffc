// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// For headers, which only name the type: the library itself takes seconds to compile.
#include <nlohmann/json_fwd.hpp>

namespace gradwright {

/// Keeps the order of keys, so that a file written twice is the same file.
using Json = nlohmann::ordered_json;

} // namespace gradwright
