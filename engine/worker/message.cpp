// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/message.h"

#include "engine/support/error.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gradwright {
namespace {

/// Changes with every change of what messages hold: both ends come from one installation.
constexpr std::uint32_t kWireMark = 0x47570002; // "GW", version 2
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;

struct MessageHead {
    std::uint32_t mark;
    std::uint32_t kind;
    std::uint64_t bytes; ///< of the body
};

} // namespace

std::vector<std::byte> packed(MessageKind kind, std::span<const std::byte> body) {
    const MessageHead head{kWireMark, static_cast<std::uint32_t>(kind), body.size()};
    const auto raw = std::as_bytes(std::span(&head, 1));
    std::vector<std::byte> bytes(raw.begin(), raw.end());
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
}

void MessageParser::add(std::span<const std::byte> bytes) {
    if (begin_ == buffer_.size()) {
        buffer_.clear();
        begin_ = 0;
    }
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<Message> MessageParser::next() {
    const auto rest = std::span(buffer_).subspan(begin_);
    MessageHead head{};
    if (rest.size() < sizeof head)
        return {};
    std::memcpy(&head, rest.data(), sizeof head);
    if (head.mark != kWireMark)
        throw Error("it is not of this version of Gradwright");
    const auto isKnown = head.kind >= static_cast<std::uint32_t>(MessageKind::ListGpus) &&
                         head.kind <= static_cast<std::uint32_t>(MessageKind::Beat);
    if (!isKnown || head.bytes > kMostBytes)
        throw Error("there is no message {} of {} bytes", head.kind, head.bytes);
    if (rest.size() - sizeof head < head.bytes)
        return {};
    const auto body = rest.subspan(sizeof head, head.bytes);
    Message message{static_cast<MessageKind>(head.kind), {body.begin(), body.end()}};
    begin_ += sizeof head + head.bytes;
    // What was taken is dropped once it is most of what is held, so that each byte moves seldom.
    if (begin_ > buffer_.size() / 2) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
    }
    return message;
}

bool MessageChannel::send(MessageKind kind, std::span<const std::byte> body) {
    const auto bytes = packed(kind, body);
    const std::lock_guard lock(writing_);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto count =
            ::send(socket_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        done += static_cast<std::size_t>(count);
    }
    return true;
}

std::optional<Message> MessageChannel::receive() {
    constexpr std::size_t kPiece = 1 << 16;
    std::array<std::byte, kPiece> piece;
    for (;;) {
        if (auto message = parser_.next())
            return message;
        const auto count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return {};
        parser_.add(std::span(piece).first(static_cast<std::size_t>(count)));
    }
}

void MessageChannel::endReading() {
    ::shutdown(socket_.get(), SHUT_RD);
}

} // namespace gradwright
