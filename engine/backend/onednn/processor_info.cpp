// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/processor_info.h"

#include <fstream>

namespace gradwright::onednn {

std::string processorInfo(std::string_view key) {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key))
            if (const auto colon = line.find(": "); colon != std::string::npos)
                return line.substr(colon + 2);
    return {};
}

} // namespace gradwright::onednn
