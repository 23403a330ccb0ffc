// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/exchange_thread.h"

#include <QTest>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace gradwright;

class ExchangeThreadTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void workIsDoneInOrderOnAnotherThread() {
        ExchangeThread beside;
        std::vector<int> done;
        bool isElsewhere = true;
        const auto here = std::this_thread::get_id();
        for (int round = 0; round < 3; ++round) {
            for (int i = 0; i < 100; ++i)
                beside.post([&, i] {
                    done.push_back(i);
                    isElsewhere = isElsewhere && std::this_thread::get_id() != here;
                });
            beside.finish();
            QCOMPARE(done.size(), static_cast<std::size_t>(100 * (round + 1)));
        }
        for (std::size_t i = 0; i < done.size(); ++i)
            QCOMPARE(done[i], static_cast<int>(i % 100));
        QVERIFY(isElsewhere);
    }

    /// What follows it is left out; then the thread works as before.
    void aFailureIsThrownAtTheEnd() {
        ExchangeThread beside;
        std::atomic<bool> isPosted = false;
        int done = 0;
        beside.post([&] {
            while (!isPosted) // so that it cannot fail before the others are there
                std::this_thread::yield();
            throw std::runtime_error("lost");
        });
        beside.post([&] { ++done; });
        isPosted = true;
        try {
            beside.finish();
            QFAIL("nothing was thrown");
        } catch (const std::runtime_error& error) {
            QCOMPARE(std::string(error.what()), std::string("lost"));
        }
        QCOMPARE(done, 0);
        beside.post([&] { ++done; });
        beside.finish();
        QCOMPARE(done, 1);
    }

    void whatIsDroppedIsNotBegun() {
        ExchangeThread beside;
        std::atomic<bool> isRunning = false, mayEnd = false;
        std::atomic<int> done = 0;
        struct Told { // when drop() has let go of it
            std::atomic<bool>& gone;
            ~Told() { gone = true; }
        };
        beside.post([&] {
            isRunning = true;
            while (!mayEnd)
                std::this_thread::yield();
            ++done;
        });
        while (!isRunning)
            std::this_thread::yield();
        beside.post([&done, told = std::make_shared<Told>(mayEnd)] { done += 10; });
        beside.drop(); // the first ends once the second is gone
        QCOMPARE(done.load(), 1);
        beside.post([&] { done = 7; });
        beside.finish();
        QCOMPARE(done.load(), 7);
    }
};

QTEST_GUILESS_MAIN(ExchangeThreadTest)
#include "tst_exchange_thread.moc"
