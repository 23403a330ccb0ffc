// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/rng.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

using namespace gradwright;

class RngTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Known answers from the Random123 distribution (kat_vectors, philox4x32 10).
    void knownAnswers() {
        const auto block = [](std::uint64_t key, std::uint32_t stream, std::uint32_t substream,
                              std::uint64_t counter) {
            return Rng(key, static_cast<RngStream>(stream), substream).block(counter);
        };
        const std::array<std::uint32_t, 4> zeros = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
        QCOMPARE(block(0, 0, 0, 0), zeros);
        const std::array<std::uint32_t, 4> ones = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
        QCOMPARE(block(~0ULL, ~0U, ~0U, ~0ULL), ones);
        const std::array<std::uint32_t, 4> pi = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
        QCOMPARE(block(0x299f31d0a4093822ULL, 0x13198a2e, 0x03707344, 0x85a308d3243f6a88ULL), pi);
    }

    void fillEqualsSingleDraws() {
        const Rng rng(7, RngStream::Test);
        std::vector<std::uint32_t> many(1003);
        rng.fill(8, many);
        for (std::size_t i = 0; i < many.size(); ++i)
            QCOMPARE(many[i], rng.bits(8 + i));
    }

    void normalHasMeanZeroAndDeviationOne() {
        const Rng rng(3, RngStream::Test);
        double sum = 0;
        double squares = 0;
        constexpr int count = 100'000;
        for (std::uint64_t i = 0; i < count; ++i) {
            sum += rng.normal(i);
            squares += rng.normal(i) * rng.normal(i);
        }
        QVERIFY(std::abs(sum / count) < 0.01);
        QVERIFY(std::abs(squares / count - 1.0) < 0.02);
    }

    void shuffleIsAPermutationThatDependsOnSeed() {
        std::vector<std::uint32_t> a(1000);
        std::iota(a.begin(), a.end(), 0U);
        auto b = a;
        auto c = a;
        const auto sorted = a;
        shuffle(a, Rng(1, RngStream::Shuffle));
        shuffle(b, Rng(1, RngStream::Shuffle));
        shuffle(c, Rng(2, RngStream::Shuffle));
        QCOMPARE(a, b);
        QVERIFY(a != c);
        QVERIFY(a != sorted);
        std::ranges::sort(a);
        QCOMPARE(a, sorted);
    }
};

QTEST_APPLESS_MAIN(RngTest)
#include "tst_rng.moc"
