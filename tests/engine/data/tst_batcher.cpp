// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/feed/batcher.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Sample i is {i, -i} with label i % 10.
class CountingSource : public DataSource {
public:
    explicit CountingSource(std::int64_t size)
        : size_(size) {}

    std::int64_t size() const override { return size_; }
    const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        ++reads;
        if (index == brokenSample)
            throw Error("sample {} is broken", index);
        std::this_thread::sleep_for(delay);
        out[0] = static_cast<float>(index);
        out[1] = -out[0];
    }
    std::int32_t label(std::int64_t index) const override {
        return static_cast<std::int32_t>(index % 10);
    }

    mutable std::atomic<int> reads = 0;
    std::int64_t brokenSample = -1;
    std::chrono::microseconds delay{0};

private:
    std::int64_t size_;
    Shape shape_ = {2};
};

std::vector<std::uint32_t> upTo(std::uint32_t count) {
    std::vector<std::uint32_t> indices(count);
    std::iota(indices.begin(), indices.end(), 0U);
    return indices;
}

std::shared_ptr<CountingSource> sourceOf(std::int64_t size) {
    return std::make_shared<CountingSource>(size);
}

/// The samples of the rest of the epoch in their order; checks what belongs together.
std::vector<float> drain(Batcher& batcher, std::int64_t firstIndex = 0) {
    std::vector<float> samples;
    for (auto index = firstIndex; const auto* batch = batcher.next(); ++index) {
        if (batch->index != index ||
            batch->labels.size() != static_cast<std::size_t>(batch->count) ||
            batch->inputs.size() != 2 * batch->labels.size())
            throw std::runtime_error("a batch does not agree with itself");
        for (std::size_t i = 0; i < batch->labels.size(); ++i) {
            const auto sample = batch->inputs[2 * i];
            if (batch->inputs[2 * i + 1] != -sample ||
                batch->labels[i] != static_cast<std::int32_t>(sample) % 10)
                throw std::runtime_error("input and label are of different samples");
            samples.push_back(sample);
        }
    }
    return samples;
}

std::vector<float> epochOf(Batcher& batcher, std::uint64_t epoch, std::int64_t first = 0) {
    batcher.startEpoch(epoch, first);
    return drain(batcher, first);
}

} // namespace

class BatcherTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsTheOrderWithoutASeed() {
        Batcher batcher(sourceOf(100), {5, 3, 99, 0, 7}, 2, std::nullopt);
        QCOMPARE(batcher.batchesPerEpoch(), 3);
        QCOMPARE(epochOf(batcher, 0), (std::vector<float>{5, 3, 99, 0, 7}));
        QCOMPARE(epochOf(batcher, 1), (std::vector<float>{5, 3, 99, 0, 7}));
    }

    void lastBatchIsShorter() {
        Batcher batcher(sourceOf(10), upTo(10), 4, std::nullopt);
        batcher.startEpoch(0);
        std::vector<std::int64_t> counts;
        while (const auto* batch = batcher.next())
            counts.push_back(batch->count);
        QCOMPARE(counts, (std::vector<std::int64_t>{4, 4, 2}));
        QVERIFY(batcher.next() == nullptr);
    }

    void epochsAreOtherPermutationsThatRepeat() {
        Batcher one(sourceOf(500), upTo(500), 32, 7);
        Batcher two(sourceOf(500), upTo(500), 32, 7);
        Batcher other(sourceOf(500), upTo(500), 32, 8);
        const auto zero = epochOf(one, 0);
        const auto first = epochOf(one, 1);
        QVERIFY(zero != first);
        QCOMPARE(epochOf(two, 1), first);
        QCOMPARE(epochOf(one, 0), zero);
        QVERIFY(epochOf(other, 0) != zero);
        auto sorted = zero;
        std::ranges::sort(sorted);
        for (std::size_t i = 0; i < 500; ++i)
            QCOMPARE(sorted[i], static_cast<float>(i));
    }

    void orderDoesNotDependOnTheBatchSize() {
        Batcher small(sourceOf(100), upTo(100), 7, 3);
        Batcher large(sourceOf(100), upTo(100), 100, 3);
        QCOMPARE(epochOf(small, 4), epochOf(large, 4));
    }

    /// No sample comes twice, none is missing, and each batch is that of one process.
    void ranksShareEachBatch() {
        std::mt19937 random(5);
        for (int trial = 0; trial < 60; ++trial) {
            const auto samples = static_cast<std::uint32_t>(1 + random() % 90);
            const auto batch = static_cast<std::int64_t>(1 + random() % 50);
            const auto ranks = static_cast<std::int64_t>(1 + random() % 6);
            Batcher whole(sourceOf(samples), upTo(samples), batch, 3);
            whole.startEpoch(2);
            std::vector<std::unique_ptr<Batcher>> shares;
            for (std::int64_t rank = 0; rank < ranks; ++rank) {
                shares.push_back(std::make_unique<Batcher>(sourceOf(samples), upTo(samples), batch,
                                                           3, nullptr, RankOf{rank, ranks}));
                shares.back()->startEpoch(2);
            }
            while (const auto* all = whole.next()) {
                std::vector<float> together;
                for (const auto& share : shares) {
                    const auto* own = share->next();
                    QVERIFY(own);
                    QCOMPARE(own->whole, all->count);
                    if (own->isSpare)
                        continue;
                    const auto elements = own->inputs.size() / static_cast<std::size_t>(own->count);
                    QCOMPARE(static_cast<std::size_t>(own->first) * elements, together.size());
                    QCOMPARE(own->first % 4, 0);
                    together.insert(together.end(), own->inputs.begin(), own->inputs.end());
                }
                QCOMPARE(together, all->inputs);
            }
            for (const auto& share : shares)
                QVERIFY(!share->next());
        }
    }

    void startsInTheMiddleOfAnEpoch() {
        Batcher batcher(sourceOf(100), upTo(100), 8, 1);
        const auto whole = epochOf(batcher, 3);
        for (const std::int64_t first : {1, 5, 12}) {
            const auto rest = epochOf(batcher, 3, first);
            QCOMPARE(rest, std::vector<float>(whole.begin() + 8 * first, whole.end()));
        }
        QVERIFY(epochOf(batcher, 3, 13).empty());
        QVERIFY(contains(errorOf([&] { batcher.startEpoch(3, 14); }), "13 batches"));
    }

    void canBeRestartedAtAnyMoment() {
        const auto source = sourceOf(200);
        source->delay = std::chrono::microseconds(20);
        Batcher batcher(source, upTo(200), 10, 1);
        const auto expected = epochOf(batcher, 5);
        for (int taken = 0; taken < 12; ++taken) {
            batcher.startEpoch(static_cast<std::uint64_t>(taken));
            for (int i = 0; i < taken; ++i)
                QVERIFY(batcher.next());
        }
        QCOMPARE(epochOf(batcher, 5), expected);
    }

    void givesNothingBeforeAnEpochStarts() {
        Batcher batcher(sourceOf(10), upTo(10), 4, 1);
        QVERIFY(batcher.next() == nullptr);
        Batcher empty(sourceOf(10), {}, 4, 1);
        empty.startEpoch(0);
        QCOMPARE(empty.batchesPerEpoch(), 0);
        QVERIFY(empty.next() == nullptr);
    }

    void loadsAheadButNotFar() {
        const auto source = sourceOf(1000);
        Batcher batcher(source, upTo(1000), 10, std::nullopt);
        batcher.startEpoch(0);
        QVERIFY(batcher.next());
        // One batch with the user, the other buffers ahead: the loader gets there and no further.
        constexpr std::int64_t sampleBytes = 3 * sizeof(float); // two values and a label
        const auto loaded = static_cast<int>(Batcher::bufferBytes(sampleBytes, 10) / sampleBytes);
        QVERIFY(loaded < 1000);
        QTRY_COMPARE(source->reads.load(), loaded);
        QTest::qWait(20);
        QCOMPARE(source->reads.load(), loaded);
        // It begins again when half of them have been used.
        for (int i = 0; i < loaded / 20 - 1; ++i)
            QVERIFY(batcher.next());
        QTest::qWait(20);
        QCOMPARE(source->reads.load(), loaded);
        QVERIFY(batcher.next());
        QTRY_VERIFY(source->reads.load() > loaded);
    }

    void fewLargeBatchesAreLoadedAhead() {
        constexpr std::int64_t image = 3 * 224 * 224 * 4;
        QCOMPARE(Batcher::bufferBytes(image, 32), 3 * 32 * image);
        QVERIFY(Batcher::bufferBytes(image / 1000, 32) <= std::int64_t{4} << 20);
    }

    void batchStaysValidUntilTheNext() {
        Batcher batcher(sourceOf(1000), upTo(1000), 10, std::nullopt);
        batcher.startEpoch(0);
        const auto* batch = batcher.next();
        const auto copy = *batch;
        QTest::qWait(10);
        QCOMPARE(batch->inputs, copy.inputs);
        QCOMPARE(batch->index, copy.index);
    }

    void passesErrorsOn() {
        const auto source = sourceOf(100);
        source->brokenSample = 25;
        Batcher batcher(source, upTo(100), 10, std::nullopt);
        batcher.startEpoch(0);
        QCOMPARE(batcher.next()->index, 0);
        QCOMPARE(batcher.next()->index, 1);
        QCOMPARE(errorOf([&] { batcher.next(); }), std::string("sample 25 is broken"));
        QCOMPARE(errorOf([&] { batcher.next(); }), std::string("sample 25 is broken"));
        // The part behind the broken sample can still be read.
        QCOMPARE(epochOf(batcher, 0, 3).size(), std::size_t{70});
    }

    void bytesComeAsBytes() {
        /// Sample i is {i, 2 i}, kept as bytes.
        class ByteSource final : public CountingSource {
        public:
            using CountingSource::CountingSource;
            const ByteScaling* byteScaling() const override { return &scaling_; }
            void bytes(std::int64_t index, std::span<std::uint8_t> out) const override {
                out[0] = static_cast<std::uint8_t>(index);
                out[1] = static_cast<std::uint8_t>(2 * index);
            }

        private:
            ByteScaling scaling_{{0.5F, 2}, {0, 1}};
        };
        const auto source = std::make_shared<ByteSource>(5);
        Batcher batcher(source, {4, 0, 3, 1, 2}, 2, std::nullopt);
        batcher.startEpoch(0);
        std::vector<std::uint8_t> bytes;
        std::vector<std::int32_t> labels;
        while (const auto* batch = batcher.next()) {
            QCOMPARE(batch->scaling, source->byteScaling());
            QCOMPARE(batch->input(), static_cast<const void*>(batch->bytes.data()));
            QVERIFY(batch->inputs.empty());
            bytes.insert(bytes.end(), batch->bytes.begin(), batch->bytes.end());
            labels.insert(labels.end(), batch->labels.begin(), batch->labels.end());
        }
        QCOMPARE(bytes, (std::vector<std::uint8_t>{4, 8, 0, 0, 3, 6, 1, 2, 2, 4}));
        QCOMPARE(labels, (std::vector<std::int32_t>{4, 0, 3, 1, 2}));
        QCOMPARE(source->reads.load(), 0);
    }

    void stopsAtOnce() {
        const auto source = sourceOf(100'000);
        source->delay = std::chrono::microseconds(100);
        {
            Batcher batcher(source, upTo(100'000), 100'000, std::nullopt);
            batcher.startEpoch(0);
            QTRY_VERIFY(source->reads > 0);
        }
        // It would have taken 10 s to load the batch; the loader left within it.
        QVERIFY(source->reads < 100'000);
        const auto reads = source->reads.load();
        QTest::qWait(10);
        QCOMPARE(source->reads.load(), reads);
    }

    void countsItsWaiting() {
        const auto source = sourceOf(4);
        Batcher batcher(source, upTo(4), 1, std::nullopt);
        QCOMPARE(batcher.waitedSeconds(), 0.0);
        source->delay = std::chrono::milliseconds(5);
        batcher.startEpoch(0);
        QCOMPARE(drain(batcher).size(), std::size_t{4});
        QVERIFY(batcher.waitedSeconds() > 0.0);
    }

    void refusesWhatMakesNoSense() {
        const auto make = [](std::vector<std::uint32_t> indices, std::int64_t batch) {
            return errorOf([&] { const Batcher batcher(sourceOf(10), indices, batch, 1); });
        };
        QVERIFY(contains(make({0}, 0), "at least 1 sample, not 0"));
        QVERIFY(contains(make({0, 10}, 1), "no sample 10 among 10"));
    }
};

QTEST_GUILESS_MAIN(BatcherTest)
#include "tst_batcher.moc"
