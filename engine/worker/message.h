// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/posix_file.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace gradwright {

/// What goes between a program and its worker process.
enum class MessageKind : std::uint32_t {
    // To the worker, the first message one of these four:
    ListGpus = 1,
    Train,       ///< the job
    MeasureGpu,  ///< the GPU's key
    CheckDevice, ///< the device's key
    Pause,
    Resume,
    Step,
    SetLearningRate,
    RequestSnapshot,
    Stop,
    // From the worker:
    Gpus,   ///< the answer to ListGpus, the last message
    Event,  ///< a TrainingEvent but for the weights of a snapshot
    Weight, ///< one tensor of the snapshot whose event follows
    Rate,   ///< one of those that MeasureGpu asks for
    Case,   ///< one of those that CheckDevice asks for
    Done,   ///< the last message of both: what went wrong, empty where nothing did
    Beat    ///< it lives
};

struct Message {
    MessageKind kind;
    std::vector<std::byte> body;
};

/// The message as it goes through a socket: its kind and length in front.
std::vector<std::byte> packed(MessageKind kind, std::span<const std::byte> body = {});

/// Takes a stream of bytes apart into messages. It never holds more than has arrived.
class MessageParser {
public:
    void add(std::span<const std::byte> bytes);
    /// The next whole message. Throws Error for what is no message of this version.
    std::optional<Message> next();
    /// Whether the stream may end here: no message has begun.
    [[nodiscard]] bool isBetween() const { return buffer_.size() == begin_; }

private:
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0; ///< what comes before has been taken
};

/// The worker's end: blocking, one thread reads, several may write.
class MessageChannel {
public:
    explicit MessageChannel(UniqueFd socket)
        : socket_(std::move(socket)) {}

    /// False when the other end is gone.
    bool send(MessageKind kind, std::span<const std::byte> body = {});
    /// Nothing when the other end is gone, or after endReading(). Throws Error for what is no
    /// message.
    std::optional<Message> receive();
    /// Wakes who waits in receive(). From any thread.
    void endReading();

private:
    UniqueFd socket_;
    MessageParser parser_;
    std::mutex writing_;
};

} // namespace gradwright
