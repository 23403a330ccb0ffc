// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/feed/batch_share.h"
#include "engine/data/images/augmentation.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace gradwright {

struct Batch {
    std::vector<float> inputs;       ///< count × elements of a sample; none where there are bytes
    std::vector<std::uint8_t> bytes; ///< the same as bytes, where the source keeps them so …
    const ByteScaling* scaling = nullptr; ///< … and what they stand for; the source's
    std::vector<std::int32_t> labels;     ///< count × the source's labels a sample
    std::vector<float> targets;           ///< count × elements of a target; none with classes
    std::int64_t count = 0;               ///< the last batch of an epoch may be shorter
    std::int64_t index = 0;               ///< number of the batch within its epoch
    std::int64_t whole = 0; ///< samples of all ranks' shares together; `count` where it is one
    std::int64_t first = 0; ///< of them in the shares before
    /// Nothing is left for this rank: it computes a sample that another one has, for company.
    bool isSpare = false;

    [[nodiscard]] const void* input() const {
        return scaling ? static_cast<const void*>(bytes.data())
                       : static_cast<const void*>(inputs.data());
    }
};

/// Hands out a data source batch by batch. A thread of its own, with helpers where samples are
/// costly to read, loads ahead into reused buffers. The order of an epoch is a function of
/// seed and epoch alone, so training resumed in the middle of an epoch meets the same batches. Used
/// by one thread at a time.
class Batcher {
public:
    /// Without a seed the indices keep their order; without an augmenter the samples are as they
    /// are. `share`: of each batch only this rank's samples are read and handed out. Throws Error
    /// when the batch is less than 1, an index is outside the source, or the augmenter mixes
    /// samples of which some are another rank's.
    Batcher(std::shared_ptr<const DataSource> source, std::vector<std::uint32_t> indices,
            std::int64_t batch, std::optional<std::uint64_t> shuffleSeed,
            std::shared_ptr<const Augmenter> augmenter = nullptr, RankOf share = {});
    /// Stops the loader at once; an epoch need not be finished.
    ~Batcher();
    Batcher(const Batcher&) = delete;
    Batcher& operator=(const Batcher&) = delete;

    /// Starts (again) at a batch of an epoch; what was left of the epoch before is dropped.
    void startEpoch(std::uint64_t epoch, std::int64_t firstBatch = 0);
    /// The next batch, valid until the next call of a member; nullptr when the epoch is over or
    /// none was started. Rethrows what the source threw while loading.
    const Batch* next();

    /// What the buffers take for samples of so many bytes with their labels or targets.
    [[nodiscard]] static std::int64_t bufferBytes(std::int64_t sampleBytes, std::int64_t batch);

    [[nodiscard]] std::int64_t batchesPerEpoch() const;
    /// How long next() has waited for the loader, all epochs together.
    [[nodiscard]] double waitedSeconds() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace gradwright
