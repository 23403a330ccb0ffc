// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

/// To be called first in main(): starts the program once more, in the same process, unless OpenMP's
/// threads already sleep soon after they have begun to wait. By default they spin, and on a busy
/// computer, where the thread that they wait for has no processor, that takes nearly all of the
/// time. libgomp reads the setting (GOMP_SPINCOUNT, libgomp manual, "Environment Variables") before
/// main(), so it cannot be changed from here on. Programs that this one starts do not inherit it.
/// Continues where it cannot be done.
void startWithBriefSpinning(char** argv);

} // namespace gradwright
