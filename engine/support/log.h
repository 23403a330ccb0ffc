// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace gradwright {

enum class LogLevel { Info, Warning };

/// Receives every log line, from any thread, one at a time; must not log itself.
using LogSink = std::function<void(LogLevel, const std::string&)>;

/// Replaces the sink (standard error by default) and returns the previous one.
LogSink setLogSink(LogSink sink);

void log(LogLevel level, std::string_view message);

} // namespace gradwright
