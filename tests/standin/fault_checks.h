// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/standin/standin_rig.h"

#include <QDebug>
#include <QRegularExpression>

#include <numeric>

namespace gradwright::cuda::standin {

// Why some faults cannot be tested in this build, or null.
#ifdef GRADWRIGHT_STANDIN_TSAN
inline const char* const kAccessesEndTheProcess = "ThreadSanitizer ends the process itself.";
inline const char* const kRacesAreReported = "ThreadSanitizer reports the race.";
#else
inline const char* const kAccessesEndTheProcess = nullptr;
inline const char* const kRacesAreReported = nullptr;
#endif
#ifdef GRADWRIGHT_STANDIN_ASAN
inline const char* const kOverrunsEndTheProcess = "AddressSanitizer ends the process itself.";
#else
inline const char* const kOverrunsEndTheProcess = nullptr;
#endif

/// 1, 2, 3, …
inline std::vector<float> ramp(std::size_t size) {
    std::vector<float> values(size);
    std::iota(values.begin(), values.end(), 1.0F);
    return values;
}

/// The number of the DeviceError that `work` throws, or 0.
template <class Work>
int errorOf(const Work& work) {
    try {
        work();
    } catch (const DeviceError& error) {
        return error.number();
    }
    return 0;
}

/// Launches the kernel and waits: the error's number.
template <class Kernel, class... A>
int errorOfLaunch(Rig& rig, Kernel kernel, const Launch& launch, A... arguments) {
    rig.launch(kernel, launch, arguments...);
    return errorOf([&] { rig.stream().synchronize(); });
}

/// Whether the words of the last fault match.
inline bool faultMatches(const QString& pattern) {
    const auto fault = QString::fromStdString(standinFault());
    const bool matches = QRegularExpression(pattern).match(fault).hasMatch();
    if (!matches)
        qWarning() << "the fault is" << fault;
    return matches;
}

} // namespace gradwright::cuda::standin
