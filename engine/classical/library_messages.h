// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/watch.h"

#include <mutex>
#include <string>

namespace gradwright {

/// What LIBSVM and LIBLINEAR say while they fit: both call one function for messages, every few
/// iterations. It is where a fit can be stopped: FitStopped is thrown through the library, which is
/// written in C++; what it had allocated for the problem's samples, some 100 bytes each, is lost.
/// Thousands of samples make a few iterations take seconds, so a fit is workApart(). One fit at a
/// time has the function.
class LibraryMessages {
public:
    explicit LibraryMessages(const Watch& watch)
        : only_(mutex()) {
        current() = &watch;
        text().clear();
    }
    ~LibraryMessages() { current() = nullptr; }
    LibraryMessages(const LibraryMessages&) = delete;
    LibraryMessages& operator=(const LibraryMessages&) = delete;

    /// What libraries are given.
    static void take(const char* message) {
        text() += message;
        if (current())
            current()->check();
    }
    /// Whether the library has said that it gave up before it had converged.
    [[nodiscard]] static bool gaveUp() { return text().find("reaching max") != std::string::npos; }

private:
    static std::mutex& mutex() {
        static std::mutex one;
        return one;
    }
    static const Watch*& current() {
        static thread_local const Watch* watch = nullptr;
        return watch;
    }
    static std::string& text() {
        static thread_local std::string said;
        return said;
    }

    std::scoped_lock<std::mutex> only_;
};

} // namespace gradwright
