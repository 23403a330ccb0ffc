// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace gradwright {

/// shift, rotation, scale, shear, flip_horizontal, flip_vertical, crop, elastic,
/// elastic_smoothness, brightness, contrast, noise, cutout, mixup. The defaults change nothing.
const ParamSpecs& augmentationParams();

/// Draws another version of each training image each epoch. All numbers are functions of seed,
/// epoch and sample, so that runs repeat bit for bit whatever thread prepares them.
class Augmenter {
public:
    /// Throws Error when a value is out of range or the samples are no images with a class each.
    Augmenter(const ParamValues& values, const DataInfo& info, std::uint64_t seed);

    /// Changes one prepared image of the training part.
    void apply(std::span<float> image, std::uint32_t sample, std::uint64_t epoch) const;

    /// Mixes each image with the one after it in the batch (Zhang et al. 2018). The class stays the
    /// first's and its share is drawn from Beta(α + 1, α), which has the same gradient on average
    /// as mixing the classes by Beta(α, α) (Huszár 2017).
    void mix(std::span<float> images, std::span<const std::uint32_t> samples,
             std::uint64_t epoch) const;

    [[nodiscard]] bool mixes() const { return mixup_ > 0; }

private:
    struct Amounts {
        double shift, rotation, scale, shear, crop, elastic, smoothness;
        double brightness, contrast, noise, cutout;
        bool flipHorizontal, flipVertical;
    };

    void warp(std::span<float> image, const class Draws& draws) const;
    void recolour(std::span<float> image, const class Draws& draws) const;
    void cut(std::span<float> image, const class Draws& draws) const;

    Amounts amounts_;
    double mixup_;
    std::uint64_t seed_;
    std::size_t channels_;
    std::int64_t height_;
    std::int64_t width_;
    bool warps_;
    bool binary_;
    std::vector<float> black_; ///< by channel: what 0 became, and 1
    std::vector<float> white_;
};

/// The augmenter that a choice stands for; null when it changes nothing.
std::shared_ptr<const Augmenter> augmenterOf(const DataChoice& choice, const DataInfo& info,
                                             std::uint64_t seed);

} // namespace gradwright
