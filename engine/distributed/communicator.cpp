// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/communicator.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gradwright {

Communicator::Communicator(int rank, int size)
    : rank_(rank)
    , size_(size)
    , waiting_(static_cast<std::size_t>(size)) {}

void Communicator::setPatience(std::chrono::nanoseconds patience, std::stop_token hurry) {
    patience_ = patience;
    hurry_ = std::move(hurry);
}

bool Communicator::isTooLong(std::chrono::nanoseconds waited) const {
    return waited > patience_ || (waited > kHurriedPatience && hurry_.stop_requested());
}

void Communicator::lose(int rank) {
    lost_ = rank;
    if (hurry_.stop_requested())
        throw RankLost(rank, "Stopped while waiting for rank {}.", rank);
    throw RankLost(rank, "Rank {} has not answered for {:.3g} s.", rank,
                   std::chrono::duration<double>(patience_).count());
}

void Communicator::transferAll(std::span<const Message> sent, std::span<const Message> received) {
    for (const auto& message : sent)
        bytesSent_ += message.bytes.size();
    transfer(sent, received);
}

template <class T>
void Communicator::sumOf(std::span<T> values) {
    if (size_ == 1 || values.empty())
        return;
    const auto ranks = static_cast<std::size_t>(size_);
    const auto own = static_cast<std::size_t>(rank_);
    const auto shareOf = [&](std::size_t rank) {
        const auto begin = values.size() * rank / ranks;
        return values.subspan(begin, values.size() * (rank + 1) / ranks - begin);
    };
    const auto mine = shareOf(own);
    shares_.resize(ranks * mine.size_bytes());
    std::vector<Message> sent, received;
    const auto add = [](std::vector<Message>& messages, std::size_t rank,
                        std::span<std::byte> bytes) {
        if (!bytes.empty())
            messages.push_back({static_cast<int>(rank), bytes});
    };
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        if (rank == own)
            continue;
        add(sent, rank, std::as_writable_bytes(shareOf(rank)));
        add(received, rank,
            std::span(shares_).subspan(rank * mine.size_bytes(), mine.size_bytes()));
    }
    transferAll(sent, received);
    if (!mine.empty())
        std::memcpy(shares_.data() + own * mine.size_bytes(), mine.data(), mine.size_bytes());
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        const auto* term = reinterpret_cast<const T*>(shares_.data() + rank * mine.size_bytes());
        for (std::size_t i = 0; i < mine.size(); ++i)
            mine[i] = rank == 0 ? term[i] : mine[i] + term[i];
    }

    sent.clear();
    received.clear();
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        if (rank == own)
            continue;
        add(sent, rank, std::as_writable_bytes(mine));
        add(received, rank, std::as_writable_bytes(shareOf(rank)));
    }
    transferAll(sent, received);
}

void Communicator::sum(std::span<float> values) {
    sumOf(values);
}

void Communicator::sum(std::span<double> values) {
    sumOf(values);
}

std::vector<std::string> Communicator::gather(const std::string& mine) {
    std::vector<std::string> all(static_cast<std::size_t>(size_));
    std::vector<std::uint64_t> sizes(all.size());
    sizes[static_cast<std::size_t>(rank_)] = mine.size();
    all[static_cast<std::size_t>(rank_)] = mine;
    std::vector<Message> sent, received;
    const auto exchange = [&](const auto& bytesOf) {
        sent.clear();
        received.clear();
        for (int rank = 0; rank < size_; ++rank) {
            if (rank == rank_)
                continue;
            if (const auto own = bytesOf(rank_); !own.empty())
                sent.push_back({rank, own});
            if (const auto other = bytesOf(rank); !other.empty())
                received.push_back({rank, other});
        }
        transferAll(sent, received);
    };
    exchange([&](int rank) {
        return std::as_writable_bytes(std::span(&sizes[static_cast<std::size_t>(rank)], 1));
    });
    for (std::size_t rank = 0; rank < all.size(); ++rank)
        all[rank].resize(sizes[rank]);
    exchange([&](int rank) {
        auto& text = all[static_cast<std::size_t>(rank)];
        return std::as_writable_bytes(std::span(text.data(), text.size()));
    });
    return all;
}

} // namespace gradwright
