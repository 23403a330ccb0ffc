// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/thread_communicator.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace gradwright {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenLooks{10};

/// Messages on their way, by sender and receiver.
struct Mailbox {
    std::mutex mutex;
    std::condition_variable arrived;
    std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> letters;
};

class ThreadCommunicator final : public Communicator {
public:
    ThreadCommunicator(int rank, int size, std::shared_ptr<Mailbox> mailbox)
        : Communicator(rank, size)
        , mailbox_(std::move(mailbox)) {}

protected:
    void transfer(std::span<const Message> sent, std::span<const Message> received) override {
        std::unique_lock lock(mailbox_->mutex);
        for (const auto& message : sent)
            mailbox_->letters[{rank(), message.rank}].emplace_back(message.bytes.begin(),
                                                                   message.bytes.end());
        mailbox_->arrived.notify_all();
        const auto begin = steady_clock::now();
        for (const auto& message : received) {
            auto& letters = mailbox_->letters[{message.rank, rank()}];
            while (
                !mailbox_->arrived.wait_for(lock, kBetweenLooks, [&] { return !letters.empty(); }))
                if (isTooLong(steady_clock::now() - begin))
                    lose(message.rank);
            waitedFor(message.rank, steady_clock::now() - begin);
            const auto letter = std::move(letters.front());
            letters.pop_front();
            if (letter.size() != message.bytes.size())
                throw Error("rank {} has sent {} bytes where {} were expected", message.rank,
                            letter.size(), message.bytes.size());
            std::ranges::copy(letter, message.bytes.begin());
        }
    }

private:
    std::shared_ptr<Mailbox> mailbox_;
};

} // namespace

std::vector<std::unique_ptr<Communicator>> makeThreadCommunicators(int size) {
    auto mailbox = std::make_shared<Mailbox>();
    std::vector<std::unique_ptr<Communicator>> members;
    for (int rank = 0; rank < size; ++rank)
        members.push_back(std::make_unique<ThreadCommunicator>(rank, size, mailbox));
    return members;
}

} // namespace gradwright
