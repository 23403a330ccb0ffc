// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/interrupt.h"

#include <unistd.h>

#include <ctime>

namespace gradwright::cli {

Interrupt::Interrupt() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    watcher_ = std::jthread([this](const std::stop_token& done) { watch(done); });
}

Interrupt::~Interrupt() {
    watcher_.request_stop();
    watcher_.join();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupt::watch(const std::stop_token& done) {
    constexpr int kInterrupted = 130; // 128 + SIGINT, as shells count it
    while (!done.stop_requested()) {
        const timespec patience{0, 50'000'000};
        if (sigtimedwait(&signals_, nullptr, &patience) < 0)
            continue;
        if (source_.stop_requested())
            _exit(kInterrupted);
        source_.request_stop();
    }
}

} // namespace gradwright::cli
