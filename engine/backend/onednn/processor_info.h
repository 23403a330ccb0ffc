// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gradwright::onednn {

/// What /proc/cpuinfo says of the first processor, e.g. of "model name" or "flags"; empty where it
/// says nothing.
std::string processorInfo(std::string_view key);

} // namespace gradwright::onednn
