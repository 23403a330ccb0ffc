// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/communicator.h"

#include "engine/distributed/hurry.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

/// In nanoseconds, of all communicators of this process.
std::atomic<std::int64_t> hurriedPatience{
    std::chrono::nanoseconds(Communicator::kHurriedPatience).count()};

/// The upper half of an FP32 number, to the nearest, to even where two are as near. What is no
/// number stays none.
std::uint16_t toBf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    constexpr std::uint32_t quiet = 0x40;
    if (std::isnan(value))
        return static_cast<std::uint16_t>(bits >> 16 | quiet);
    return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float fromBf16(std::uint16_t value) {
    return std::bit_cast<float>(std::uint32_t{value} << 16);
}

} // namespace

Communicator::Communicator(int rank, int size)
    : rank_(rank)
    , size_(size)
    , waiting_(static_cast<std::size_t>(size)) {}

void Communicator::setPatience(std::chrono::nanoseconds patience, std::stop_token hurry) {
    patience_ = patience;
    hurry_ = std::move(hurry);
}

void setHurriedPatience(std::chrono::nanoseconds patience) {
    hurriedPatience = patience.count();
}

bool Communicator::isTooLong(std::chrono::nanoseconds waited) const {
    return waited > patience_ || (waited.count() > hurriedPatience && hurry_.stop_requested());
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
std::span<T> Communicator::shareOf(std::span<T> values, int rank) const {
    const auto ranks = static_cast<std::size_t>(size_), own = static_cast<std::size_t>(rank);
    const auto begin = values.size() * own / ranks;
    return values.subspan(begin, values.size() * (own + 1) / ranks - begin);
}

template <class T>
void Communicator::scatter(std::span<T> values) {
    const auto mine = shareOf(values, rank_);
    shares_.resize(static_cast<std::size_t>(size_) * mine.size_bytes());
    std::vector<Message> sent, received;
    for (int rank = 0; rank < size_; ++rank) {
        const auto place = std::span(shares_).subspan(
            static_cast<std::size_t>(rank) * mine.size_bytes(), mine.size_bytes());
        if (rank == rank_) {
            std::ranges::copy(std::as_bytes(mine), place.begin());
            continue;
        }
        if (const auto share = shareOf(values, rank); !share.empty())
            sent.push_back({rank, std::as_writable_bytes(share)});
        if (!place.empty())
            received.push_back({rank, place});
    }
    transferAll(sent, received);
}

template <class T>
void Communicator::collect(std::span<T> values) {
    std::vector<Message> sent, received;
    const auto mine = shareOf(values, rank_);
    for (int rank = 0; rank < size_; ++rank) {
        if (rank == rank_)
            continue;
        if (!mine.empty())
            sent.push_back({rank, std::as_writable_bytes(mine)});
        if (const auto share = shareOf(values, rank); !share.empty())
            received.push_back({rank, std::as_writable_bytes(share)});
    }
    transferAll(sent, received);
}

template <class T>
void Communicator::sumOf(std::span<T> values) {
    if (size_ == 1 || values.empty())
        return;
    scatter(values);
    const auto mine = shareOf(values, rank_);
    const auto* terms = reinterpret_cast<const T*>(shares_.data());
    for (std::size_t i = 0; i < mine.size(); ++i) {
        mine[i] = terms[i];
        for (int rank = 1; rank < size_; ++rank)
            mine[i] += terms[static_cast<std::size_t>(rank) * mine.size() + i];
    }
    collect(values);
}

void Communicator::sumRounded(std::span<float> values) {
    if (size_ == 1 || values.empty())
        return;
    rounded_.resize(values.size());
    std::ranges::transform(values, rounded_.begin(), toBf16);
    const std::span all(rounded_);
    scatter(all);
    const auto mine = shareOf(all, rank_);
    const auto* terms = reinterpret_cast<const std::uint16_t*>(shares_.data());
    for (std::size_t i = 0; i < mine.size(); ++i) {
        float sum = fromBf16(terms[i]);
        for (int rank = 1; rank < size_; ++rank)
            sum += fromBf16(terms[static_cast<std::size_t>(rank) * mine.size() + i]);
        mine[i] = toBf16(sum);
    }
    collect(all);
    std::ranges::transform(rounded_, values.begin(), fromBf16);
}

void Communicator::sum(std::span<float> values, Wire wire) {
    if (wire == Wire::Bf16)
        sumRounded(values);
    else
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
