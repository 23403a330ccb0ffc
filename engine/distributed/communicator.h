// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// A member that the others wait for in vain: it has ended, hangs or cannot be reached.
class RankLost : public Error {
public:
    template <class... Args>
    explicit RankLost(int rank, fmt::format_string<Args...> text, Args&&... args)
        : Error(text, std::forward<Args>(args)...)
        , rank_(rank) {}

    [[nodiscard]] int rank() const { return rank_; }

    /// A step had already been taken, on this rank at least, when what follows it failed: then
    /// there is nothing consistent to save.
    bool isWithinStep = false;

private:
    int rank_;
};

/// How numbers travel. Bf16 halves the bytes: each term is rounded to bfloat16, they are summed in
/// FP32, and the sum is rounded again.
enum class Wire { Full, Bf16 };

/// How long a member has waited for the messages of each, by rank. That of the slowest is the
/// largest.
using WaitingTimes = std::vector<std::chrono::nanoseconds>;

/// Processes, or threads, that train one network together. They are numbered: ranks 0 to size()
/// - 1. All make the same calls in the same order, and a call returns when all others have made
/// theirs. Sums are taken in the order of the ranks, so they are equal to the bit on all of them
/// and each time. Used by one thread of each member at a time.
class Communicator {
public:
    virtual ~Communicator() = default;
    Communicator(const Communicator&) = delete;
    Communicator& operator=(const Communicator&) = delete;

    [[nodiscard]] int rank() const { return rank_; }
    [[nodiscard]] int size() const { return size_; }

    /// Replaces each element by its sum over the ranks. Each rank sums a share of the elements
    /// (reduce-scatter) and passes it on (all-gather), so that 2 (size - 1) / size of the bytes
    /// leave each of them: the least there is (Patarasuk, Yuan 2009). Throws RankLost, and Error
    /// where the ranks have come with other numbers of elements.
    void sum(std::span<float> values, Wire wire = Wire::Full);
    void sum(std::span<double> values);

    /// What each rank has brought, by rank. Throws RankLost.
    std::vector<std::string> gather(const std::string& mine);

    /// How long a call waits for another rank before it counts as lost. Once `hurry` is asked for,
    /// kHurriedPatience at most: whoever ends the program wants it to end.
    void setPatience(std::chrono::nanoseconds patience, std::stop_token hurry = {});
    /// mpirun kills what does not end within a second.
    static constexpr std::chrono::milliseconds kHurriedPatience{300};

    /// Payload that has left this rank so far, in bytes.
    [[nodiscard]] std::uint64_t bytesSent() const { return bytesSent_; }
    [[nodiscard]] const WaitingTimes& waitingTimes() const { return waiting_; }

    /// The rank that was waited for in vain; nothing as long as all answer.
    [[nodiscard]] std::optional<int> lost() const { return lost_; }

    /// Whether a member may use it from one thread and later from another.
    [[nodiscard]] virtual bool maySwitchThreads() const { return true; }

    /// Ends all members, this one included, with an exit status: for faults that the others cannot
    /// know of. By default nothing.
    virtual void abort(int /*status*/) {}

protected:
    Communicator(int rank, int size);

    /// A message for another rank or from it.
    struct Message {
        int rank;
        std::span<std::byte> bytes;
    };
    /// Sends and receives all, in one go. A message has the size that its receiver expects.
    /// Returns when both are done; adds to waiting() by whom it was kept.
    virtual void transfer(std::span<const Message> sent, std::span<const Message> received) = 0;

    /// Whether a rank that has been waited for so long counts as lost.
    [[nodiscard]] bool isTooLong(std::chrono::nanoseconds waited) const;
    void waitedFor(int rank, std::chrono::nanoseconds time) {
        waiting_[static_cast<std::size_t>(rank)] += time;
    }
    /// "Rank 3 has not answered for 25 s."
    [[noreturn]] void lose(int rank);

private:
    template <class T>
    void sumOf(std::span<T> values);
    void sumRounded(std::span<float> values);
    /// Each rank's share of the values to it, and from all their numbers for this rank's share,
    /// into shares_ by rank; and back.
    template <class T>
    void scatter(std::span<T> values);
    template <class T>
    void collect(std::span<T> values);
    template <class T>
    [[nodiscard]] std::span<T> shareOf(std::span<T> values, int rank) const;
    void transferAll(std::span<const Message> sent, std::span<const Message> received);

    int rank_;
    int size_;
    std::chrono::nanoseconds patience_ = std::chrono::minutes(10);
    std::stop_token hurry_;
    std::optional<int> lost_;
    std::uint64_t bytesSent_ = 0;
    WaitingTimes waiting_;
    std::vector<std::byte> shares_;      ///< of all ranks, while they are summed
    std::vector<std::uint16_t> rounded_; ///< what travels in BF16
};

} // namespace gradwright
