// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/processor.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <utility>

namespace gradwright {

bool ProcessorFacts::has(std::string_view flag) const {
    for (auto at = flags.find(flag); at != std::string::npos; at = flags.find(flag, at + 1)) {
        const auto end = at + flag.size();
        if ((at == 0 || flags[at - 1] == ' ') && (end == flags.size() || flags[end] == ' '))
            return true;
    }
    return false;
}

ProcessorFacts processorFrom(std::istream& cpuinfo) {
    ProcessorFacts facts;
    std::set<std::pair<std::string, std::string>> cores; // socket and core of each thread
    std::string socket;
    for (std::string line; std::getline(cpuinfo, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos)
            continue;
        const auto key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
        const auto value = colon + 2 <= line.size() ? line.substr(colon + 2) : std::string();
        if (key == "physical id")
            socket = value;
        else if (key == "core id")
            cores.emplace(socket, value);
        else if (key == "vendor_id")
            facts.vendor = value;
        else if (key == "model name")
            facts.name = value;
        else if (key == "cpu family")
            facts.family = std::atoi(value.c_str());
        else if (key == "model")
            facts.model = std::atoi(value.c_str());
        else if (key == "flags")
            facts.flags = value;
        else if (key == "cpu MHz" && facts.clock == 0)
            facts.clock = std::atof(value.c_str()) * 1e6;
    }
    facts.cores = static_cast<int>(cores.size());
    if (facts.clock > 0)
        facts.clockOrigin = "clock now";
    return facts;
}

ProcessorFacts thisProcessor() {
    std::ifstream cpuinfo("/proc/cpuinfo");
    auto facts = processorFrom(cpuinfo);
    std::ifstream highest("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"); // kHz
    if (double kilohertz = 0; highest >> kilohertz && kilohertz > 0) {
        facts.clock = kilohertz * 1e3;
        facts.clockOrigin = "highest clock";
    }
    const auto pages = ::sysconf(_SC_PHYS_PAGES);
    const auto pageBytes = ::sysconf(_SC_PAGESIZE);
    if (pages > 0 && pageBytes > 0)
        facts.memory = static_cast<std::size_t>(pages) * static_cast<std::size_t>(pageBytes);
    for (const int level : {_SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE})
        if (const auto bytes = ::sysconf(level); bytes > 0 && facts.cache == 0)
            facts.cache = static_cast<std::size_t>(bytes);
    return facts;
}

} // namespace gradwright
