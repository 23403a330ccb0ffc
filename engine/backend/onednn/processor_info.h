// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gradwright::onednn {

/// What /proc/cpuinfo says of the first processor, e.g. of "model name" or "flags"; empty where it
/// says nothing.
std::string processorInfo(std::string_view key);

/// The name of the newest vector or matrix instructions among a processor's flags, as Linux writes
/// them ("avx2 avx512f amx_tile"), e.g. "AVX-512 AMX"; "SSE2" where none is known.
std::string_view newestInstructions(std::string_view flags);

} // namespace gradwright::onednn
