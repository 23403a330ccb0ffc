// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/greeting.h"
#include "engine/distributed/thread_communicator.h"

#include <QTest>

#include <functional>
#include <random>
#include <thread>

using namespace gradwright;

namespace {

/// Calls work(communicator) on a thread for each rank; returns what was thrown, by rank.
std::vector<std::string> onRanks(int size, const std::function<void(Communicator&)>& work,
                                 std::chrono::milliseconds patience = std::chrono::minutes(1)) {
    const auto members = makeThreadCommunicators(size);
    std::vector<std::string> errors(members.size());
    std::vector<std::thread> threads;
    for (std::size_t rank = 0; rank < members.size(); ++rank)
        threads.emplace_back([&, rank] {
            members[rank]->setPatience(patience);
            try {
                work(*members[rank]);
            } catch (const std::exception& error) {
                errors[rank] = error.what();
            }
        });
    for (auto& thread : threads)
        thread.join();
    return errors;
}

bool isQuiet(const std::vector<std::string>& errors) {
    return std::ranges::all_of(errors, [](const auto& error) { return error.empty(); });
}

/// Of very different sizes, so that another order of the terms would show.
std::vector<float> numbersOf(int rank, std::size_t count) {
    std::mt19937 random(static_cast<unsigned>(rank) + 1);
    std::uniform_real_distribution<float> exponent(-12, 12);
    std::vector<float> numbers(count);
    for (auto& number : numbers)
        number = (random() % 2 == 0 ? 1.0F : -1.0F) * std::exp(exponent(random));
    return numbers;
}

} // namespace

class CommunicatorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sumsAreTakenInTheOrderOfTheRanks_data() {
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("count");
        for (const int size : {1, 2, 3, 4, 7})
            for (const int count : {0, 1, 2, 6, 1000, 4099})
                QTest::addRow("%d ranks, %d numbers", size, count) << size << count;
    }
    void sumsAreTakenInTheOrderOfTheRanks() {
        QFETCH(int, size);
        QFETCH(int, count);
        const auto elements = static_cast<std::size_t>(count);
        auto expected = numbersOf(0, elements);
        for (int rank = 1; rank < size; ++rank) {
            const auto term = numbersOf(rank, elements);
            for (std::size_t i = 0; i < elements; ++i)
                expected[i] += term[i];
        }
        std::vector<std::vector<float>> sums(static_cast<std::size_t>(size));
        QVERIFY(isQuiet(onRanks(size, [&](Communicator& ranks) {
            auto values = numbersOf(ranks.rank(), elements);
            ranks.sum(std::span(values));
            sums[static_cast<std::size_t>(ranks.rank())] = std::move(values);
        })));
        for (const auto& sum : sums)
            QVERIFY(sum == expected);
    }

    /// The least there is: 2 (n - 1) / n of the bytes leave each rank.
    void sumsSendNoMoreThanTheyMust() {
        constexpr std::size_t elements = 12'000;
        for (const int size : {2, 3, 4}) {
            std::vector<std::uint64_t> sent(static_cast<std::size_t>(size));
            QVERIFY(isQuiet(onRanks(size, [&](Communicator& ranks) {
                std::vector<double> values(elements, 1);
                ranks.sum(std::span(values));
                sent[static_cast<std::size_t>(ranks.rank())] = ranks.bytesSent();
            })));
            for (const auto bytes : sent)
                QCOMPARE(bytes, 2 * (static_cast<std::uint64_t>(size) - 1) * elements *
                                    sizeof(double) / static_cast<std::uint64_t>(size));
        }
    }

    /// Terms and sum rounded to bfloat16, to even where two are as near; half the bytes.
    void sumsMayTravelRounded() {
        std::vector<std::vector<float>> sums(3);
        std::vector<std::uint64_t> sent(3);
        QVERIFY(isQuiet(onRanks(3, [&](Communicator& ranks) {
            // 1 + 2^-8 lies between 1 and 1 + 2^-7, 1 + 3 · 2^-8 between that and 1 + 2^-6.
            std::vector<float> values{1 + 1.0F / 256, 1 + 3.0F / 256, 100, -0.5F, 1e-3F, 3e38F};
            ranks.sum(std::span(values), Wire::Bf16);
            sums[static_cast<std::size_t>(ranks.rank())] = values;
            sent[static_cast<std::size_t>(ranks.rank())] = ranks.bytesSent();
        })));
        for (std::size_t rank = 0; rank < 3; ++rank) {
            QCOMPARE(sums[rank][0], 3.0F);
            QCOMPARE(sums[rank][1], 3.046875F); // 3 (1 + 2^-6) = 3.046875, a bfloat16
            QCOMPARE(sums[rank][2], 300.0F);
            QCOMPARE(sums[rank][3], -1.5F);
            QVERIFY(std::abs(sums[rank][4] - 3e-3F) <= 3e-3F / 128);
            QVERIFY(std::isinf(sums[rank][5]));
            QVERIFY(sums[rank] == sums[0]);
            QCOMPARE(sent[rank], std::uint64_t{2 * 2 * 6 * 2 / 3});
        }
    }

    void textsAreGatheredByRank() {
        const std::vector<std::string> texts{"first", "", "the third one"};
        QVERIFY(isQuiet(onRanks(3, [&](Communicator& ranks) {
            for (int i = 0; i < 3; ++i)
                if (ranks.gather(texts[static_cast<std::size_t>(ranks.rank())]) != texts)
                    throw Error("other texts");
        })));
    }

    void aRankThatDoesNotComeIsNamed() {
        const auto errors = onRanks(
            3,
            [](Communicator& ranks) {
                if (ranks.rank() == 1)
                    return;
                std::vector<float> values(100, 1);
                try {
                    ranks.sum(std::span(values));
                } catch (const RankLost& lost) {
                    if (lost.rank() != 1 || lost.isWithinStep || ranks.lost() != 1)
                        throw Error("not rank 1");
                    throw;
                }
            },
            std::chrono::milliseconds(50));
        QCOMPARE(errors[0], std::string("Rank 1 has not answered for 0.05 s."));
        QCOMPARE(errors[2], errors[0]);
        QVERIFY(errors[1].empty());
    }

    /// Whoever ends the program does not want to wait out all patience.
    void hurryShortensTheWait() {
        std::stop_source stop;
        stop.request_stop();
        const auto errors = onRanks(2, [&](Communicator& ranks) {
            if (ranks.rank() == 1)
                return;
            ranks.setPatience(std::chrono::hours(1), stop.get_token());
            ranks.gather("");
        });
        QCOMPARE(errors[0], std::string("Stopped while waiting for rank 1."));
    }

    void waitingIsCountedByRank() {
        QVERIFY(isQuiet(onRanks(2, [](Communicator& ranks) {
            constexpr std::chrono::milliseconds late{60};
            if (ranks.rank() == 1)
                std::this_thread::sleep_for(late);
            ranks.gather("");
            if (ranks.rank() == 0 &&
                (ranks.waitingTimes()[1] < late / 2 || ranks.waitingTimes()[0].count() != 0))
                throw Error("not counted");
        })));
    }

    void ranksMustBeAboutToDoTheSame() {
        const auto errors = onRanks(3, [](Communicator& ranks) {
            const bool isOld = ranks.rank() == 2;
            greet(ranks, {{"network", "same"},
                          {"version of the program", isOld ? "1.0" : "1.1"},
                          {"data", isOld ? "a" : "b"}});
        });
        for (const auto& error : errors) {
            QCOMPARE(error, errors[0]);
            const auto text = QString::fromStdString(error);
            QVERIFY2(text.startsWith("All ranks need the same version of the program, and rank 2"),
                     error.c_str());
            QVERIFY2(text.endsWith("there it is \"1.0\", for rank 0 \"1.1\"."), error.c_str());
        }
    }

    void ranksKnowWhereTheyAre() {
        QVERIFY(isQuiet(onRanks(3, [](Communicator& ranks) {
            const auto places = greet(ranks, {{"network", "same"}});
            if (places != std::vector<RankPlace>(3, placeHere()) || ranksBeside(places, 1) != 3)
                throw Error("somewhere else");
        })));
    }
};

QTEST_GUILESS_MAIN(CommunicatorTest)
#include "tst_communicator.moc"
