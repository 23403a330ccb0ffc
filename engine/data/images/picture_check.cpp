// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture_check.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/data/images/picture_sample.h"

#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace gradwright {

std::map<std::string, std::optional<std::string>>
pictureFaults(std::span<const std::string> files) {
    constexpr std::uintmax_t decodedBytes = std::uintmax_t{64} << 20;
    std::map<std::string, std::optional<std::string>> faults;
    for (const auto& file : files)
        faults.try_emplace(file);
    std::uintmax_t bytes = 0;
    for (const auto& [file, fault] : faults) {
        std::error_code error;
        const auto size = std::filesystem::file_size(file, error);
        bytes += error ? 0 : size;
    }
    std::vector<std::pair<const std::string, std::optional<std::string>>*> each;
    for (auto& fault : faults)
        each.push_back(&fault);
    WorkerCrew crew(each.size() > 1 ? usefulHelpers() : 0);
    crew.run(each.size(), [&](std::size_t i) {
        each[i]->second = whyNoPicture(each[i]->first, bytes <= decodedBytes);
    });
    return faults;
}

} // namespace gradwright
