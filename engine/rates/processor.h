// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>

namespace gradwright {

/// What Linux says of the processors, which are taken to be of one kind.
struct ProcessorFacts {
    std::string vendor; ///< "GenuineIntel"
    std::string name;
    int family = 0, model = 0;
    std::string flags;       ///< separated by spaces
    int cores = 0;           ///< not threads; 0: unknown
    double clock = 0;        ///< Hz; 0: unknown
    std::string clockOrigin; ///< what the clock is: "highest clock", "clock now"
    std::size_t memory = 0;  ///< bytes of the computer
    std::size_t cache = 0;   ///< bytes of the largest cache; 0: unknown

    [[nodiscard]] bool has(std::string_view flag) const;
};

/// From a text in the form of /proc/cpuinfo (proc(5)): all but memory and cache, the clock as it
/// was when the text was made.
ProcessorFacts processorFrom(std::istream& cpuinfo);

/// This computer's, with the highest clock where the kernel tells it (cpufreq).
ProcessorFacts thisProcessor();

} // namespace gradwright
