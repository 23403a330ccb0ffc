// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/heart.h"

#include <chrono>
#include <stop_token>

namespace gradwright {
namespace {

constexpr auto kBeat = std::chrono::seconds(1);

} // namespace

Heart::Heart(MessageChannel& channel)
    : thread_([this, &channel](const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (!changed_.wait_for(lock, stop, kBeat, [] { return false; }) &&
               !stop.stop_requested())
            channel.send(MessageKind::Beat);
    }) {}

} // namespace gradwright
