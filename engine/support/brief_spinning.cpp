// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/brief_spinning.h"

#ifdef __linux__
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#endif

namespace gradwright {

#ifdef __linux__

void startWithBriefSpinning(char** argv) {
    constexpr auto variable = "GOMP_SPINCOUNT";
    // Less than a millisecond: long enough to bridge the gaps between the ops of a step.
    constexpr std::string_view rounds = "20000";
    const char* const set = std::getenv(variable);
    if (set && rounds == set) {
        unsetenv(variable);
        return;
    }
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error || setenv(variable, rounds.data(), 1) != 0)
        return;
    execv(program.c_str(), argv);
    unsetenv(variable);
}

#else

void startWithBriefSpinning(char**) {}

#endif

} // namespace gradwright
