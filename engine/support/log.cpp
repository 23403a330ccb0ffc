// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/log.h"

#include <fmt/format.h>

#include <cstdio>
#include <mutex>
#include <utility>

namespace gradwright {
namespace {

void toStandardError(LogLevel level, const std::string& message) {
    fmt::print(stderr, "{}{}\n", level == LogLevel::Warning ? "warning: " : "", message);
}

std::mutex& sinkMutex() {
    static std::mutex mutex;
    return mutex;
}

LogSink& currentSink() {
    static LogSink sink = toStandardError;
    return sink;
}

} // namespace

LogSink setLogSink(LogSink sink) {
    const std::lock_guard lock(sinkMutex());
    return std::exchange(currentSink(), std::move(sink));
}

void log(LogLevel level, std::string_view message) {
    const std::lock_guard lock(sinkMutex());
    if (currentSink())
        currentSink()(level, std::string(message));
}

} // namespace gradwright
