// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/chrome_trace.h"

#include "engine/io/atomic_file.h"
#include "engine/support/json.h"

#include <algorithm>
#include <string_view>

namespace gradwright {
namespace {

constexpr int kSumsRow = 1000; ///< behind all parts

std::string_view categoryOf(TraceEvent::Kind kind) {
    switch (kind) {
    case TraceEvent::Kind::Forward:
        return "forward";
    case TraceEvent::Kind::Backward:
        return "backward";
    case TraceEvent::Kind::AllReduce:
        break;
    }
    return "all-reduce";
}

} // namespace

void ChromeTrace::add(const TraceEvent& event) {
    Entry entry{event, std::string(event.path)};
    entry.event.path = {};
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
}

void ChromeTrace::write(const std::filesystem::path& file, int process) const {
    const std::lock_guard lock(mutex_);
    auto first = std::chrono::steady_clock::time_point::max();
    for (const auto& entry : entries_)
        first = std::min(first, entry.event.begin);
    const auto microseconds = [](auto time) {
        return std::chrono::duration<double, std::micro>(time).count();
    };
    Json events = Json::array();
    for (const auto& [event, path] : entries_) {
        const auto category = categoryOf(event.kind);
        const bool isSum = event.kind == TraceEvent::Kind::AllReduce;
        events.push_back({{"name", path.empty() ? std::string(category) : path},
                          {"cat", category},
                          {"ph", "X"},
                          {"ts", microseconds(event.begin - first)},
                          {"dur", microseconds(event.end - event.begin)},
                          {"pid", process},
                          {"tid", isSum ? kSumsRow : event.part}});
    }
    writeFileAtomically(file, Json{{"traceEvents", std::move(events)}}.dump());
}

} // namespace gradwright
