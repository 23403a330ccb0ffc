// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/posix_file.h"
#include "engine/worker/message.h"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace gradwright {

/// The parent's end of a socket to a worker, which it never waits for but in wait(): what does not
/// fit into the socket yet is kept. Used by one thread, but for wake().
class WorkerLink {
public:
    /// `socket` does not block and outlives this.
    explicit WorkerLink(int socket);

    void send(MessageKind kind, std::span<const std::byte> body = {});
    /// Sends and receives what can be; waits until something arrives, wake() is called or the time
    /// is over. Whether something arrived.
    bool wait(int milliseconds);
    /// The next message that has arrived. Throws Error for what is none.
    std::optional<Message> next() { return parser_.next(); }
    /// The worker has ended or closed its end, and all it sent has been received.
    [[nodiscard]] bool isClosed() const { return isClosed_; }
    /// Ends a wait(). From any thread.
    void wake() const;

private:
    void flush();
    bool receive();

    int socket_;
    UniqueFd wakeup_;
    MessageParser parser_;
    std::vector<std::byte> unsent_;
    bool isClosed_ = false;
};

} // namespace gradwright
