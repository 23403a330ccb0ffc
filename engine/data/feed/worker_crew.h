// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace gradwright {

/// Threads that share a piece of work out, apart from those that compute.
class WorkerCrew {
public:
    /// `helpers` beside the thread that calls run().
    explicit WorkerCrew(std::size_t helpers);
    ~WorkerCrew();
    WorkerCrew(const WorkerCrew&) = delete;
    WorkerCrew& operator=(const WorkerCrew&) = delete;

    /// Calls work(0) … work(count - 1), each once, on any thread; returns when all are done. Throws
    /// what the lowest number that threw had thrown; numbers after it may be left out.
    void run(std::size_t count, const std::function<void(std::size_t)>& work);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// As many helpers as leave no processor idle while files are decoded, within reason.
std::size_t usefulHelpers();

} // namespace gradwright
