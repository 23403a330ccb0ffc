// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/worker_link.h"

#include "engine/support/error.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace gradwright {

WorkerLink::WorkerLink(int socket)
    : socket_(socket)
    , wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wakeup_)
        throw Error("a worker process cannot be talked to: {}", errorText(errno));
}

void WorkerLink::send(MessageKind kind, std::span<const std::byte> body) {
    const auto bytes = packed(kind, body);
    unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
    flush();
}

void WorkerLink::flush() {
    std::size_t done = 0;
    while (done < unsent_.size()) {
        const auto count =
            ::send(socket_, unsent_.data() + done, unsent_.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            if (errno != EAGAIN)
                done = unsent_.size(); // it is gone, which receive() notices
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(done));
}

bool WorkerLink::wait(int milliseconds) {
    const auto wanted = static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT);
    std::array<pollfd, 2> watched{pollfd{socket_, wanted, 0}, pollfd{wakeup_.get(), POLLIN, 0}};
    ::poll(watched.data(), watched.size(), milliseconds);
    if (watched[1].revents != 0) {
        std::uint64_t woken = 0;
        // What it counts does not matter, nor whether another call took it.
        [[maybe_unused]] const auto count = ::read(wakeup_.get(), &woken, sizeof woken);
    }
    flush();
    return receive();
}

bool WorkerLink::receive() {
    constexpr std::size_t kPiece = 1 << 16;
    /// So that its user takes messages in between.
    constexpr int kMostPieces = 64;
    std::array<std::byte, kPiece> piece;
    bool hasCome = false;
    for (int i = 0; i < kMostPieces && !isClosed_; ++i) {
        const auto count = ::recv(socket_, piece.data(), piece.size(), 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            break;
        if (count <= 0) {
            isClosed_ = true;
            break;
        }
        parser_.add(std::span(piece).first(static_cast<std::size_t>(count)));
        hasCome = true;
    }
    return hasCome;
}

void WorkerLink::wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto count = ::write(wakeup_.get(), &one, sizeof one);
}

} // namespace gradwright
