// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/program_cache.h"
#include "engine/data/dataset.h"
#include "engine/training/objective.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace gradwright {

/// A training whose first layers no step changes, cut where their result is a single value.
struct FrozenPart {
    OpGraph front;      ///< from the network's input to the features, its only output
    ValueId input;      ///< of `front`
    TrainingGraph back; ///< the training, whose input are the features
    Shape features;     ///< of a sample
};

/// The cut as far behind as there is one: in front of it no weight learns, nothing is random, and
/// no batch normalization takes its statistics from a batch. Nothing where nothing with weights
/// lies in front of a single value.
std::optional<FrozenPart> cutFrozen(const TrainingGraph& training);

/// A data source whose inputs are features that were computed once. Labels and target values are
/// those of the source that it was made from.
class FeatureSource final : public DataSource {
public:
    FeatureSource(std::shared_ptr<const DataSource> source, Shape features);

    /// Bytes that features of so many samples take.
    [[nodiscard]] static std::uint64_t bytesFor(std::size_t samples, const Shape& features);

    /// Room for the features of these samples.
    void begin(const std::vector<std::uint32_t>& samples);
    /// Where those of a sample are written.
    [[nodiscard]] std::span<float> room(std::uint32_t sample);

    [[nodiscard]] std::int64_t size() const override { return source_->size(); }
    [[nodiscard]] const Shape& shape() const override { return features_; }
    /// Throws Error for a sample that begin() was not given.
    void input(std::int64_t index, std::span<float> out) const override;
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return source_->label(index);
    }
    [[nodiscard]] std::int64_t labelsPerSample() const override {
        return source_->labelsPerSample();
    }
    void labels(std::int64_t index, std::span<std::int32_t> out) const override {
        source_->labels(index, out);
    }
    [[nodiscard]] const Shape& targetShape() const override { return source_->targetShape(); }
    void target(std::int64_t index, std::span<float> out) const override {
        source_->target(index, out);
    }

private:
    [[nodiscard]] std::size_t placeOf(std::int64_t sample) const;

    std::shared_ptr<const DataSource> source_;
    Shape features_;
    std::size_t elements_;
    std::vector<std::uint32_t> samples_; ///< sorted
    std::vector<float> values_;
};

/// Fills the source with what the front computes with the weights of `programs`, its own programs,
/// for these samples. False when stopped.
bool computeFeatures(FeatureSource& features, ProgramCache& programs, ValueId input,
                     std::shared_ptr<const DataSource> source, std::vector<std::uint32_t> samples,
                     const std::stop_token& stop);

} // namespace gradwright
