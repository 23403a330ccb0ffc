// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/communicator.h"

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace gradwright::test {

/// Members that are threads, between which a message takes effect only after its receiver has
/// looked for it a number of times: a slow network without a clock.
class PolledCommunicator final : public Communicator {
public:
    struct Letter {
        std::vector<std::byte> bytes;
        int looks;
    };
    struct Mailbox {
        std::mutex mutex;
        std::map<std::pair<int, int>, std::deque<Letter>> letters; ///< by sender and receiver
        int looks = 0;
        /// Called before each exchange of messages.
        std::function<void(int rank)> onTransfer = {};
    };

    PolledCommunicator(int rank, int size, std::shared_ptr<Mailbox> mailbox)
        : Communicator(rank, size)
        , mailbox_(std::move(mailbox)) {}

    static std::vector<std::unique_ptr<Communicator>>
    make(int size, int looks, std::function<void(int rank)> onTransfer = {}) {
        auto mailbox = std::make_shared<Mailbox>();
        mailbox->looks = looks;
        mailbox->onTransfer = std::move(onTransfer);
        std::vector<std::unique_ptr<Communicator>> members;
        for (int rank = 0; rank < size; ++rank)
            members.push_back(std::make_unique<PolledCommunicator>(rank, size, mailbox));
        return members;
    }

protected:
    void transfer(std::span<const Message> sent, std::span<const Message> received) override {
        if (mailbox_->onTransfer)
            mailbox_->onTransfer(rank());
        {
            const std::lock_guard lock(mailbox_->mutex);
            for (const auto& message : sent)
                mailbox_->letters[{rank(), message.rank}].push_back(
                    {{message.bytes.begin(), message.bytes.end()}, mailbox_->looks});
        }
        for (const auto& message : received)
            receive(message);
    }

private:
    void receive(const Message& message) {
        for (const auto begin = std::chrono::steady_clock::now();; std::this_thread::yield()) {
            const std::lock_guard lock(mailbox_->mutex);
            auto& letters = mailbox_->letters[{message.rank, rank()}];
            if (letters.empty()) {
                if (isTooLong(std::chrono::steady_clock::now() - begin))
                    lose(message.rank);
                continue;
            }
            if (letters.front().looks-- > 0)
                continue;
            if (letters.front().bytes.size() != message.bytes.size())
                throw std::logic_error("a message has another size than is expected");
            std::ranges::copy(letters.front().bytes, message.bytes.begin());
            letters.pop_front();
            return;
        }
    }

    std::shared_ptr<Mailbox> mailbox_;
};

} // namespace gradwright::test
