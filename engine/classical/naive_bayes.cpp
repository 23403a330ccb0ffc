// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/method.h"
#include "engine/classical/probabilities.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gradwright {
namespace {

/// p(class | x) ∝ p(class) ∏ N(x_i; mean, variance), all features independent of each other.
class NaiveBayes final : public ClassicalModel {
public:
    NaiveBayes(const Samples& samples, double smoothing)
        : features_(samples.features)
        , mean_(samples.classes * features_)
        , variance_(samples.classes * features_)
        , logPrior_(samples.classes) {
        std::vector<double> count(samples.classes);
        for (std::size_t n = 0; n < samples.count(); ++n) {
            const auto c = static_cast<std::size_t>(samples.labels[n]);
            ++count[c];
            for (std::size_t i = 0; i < features_; ++i)
                mean_[c * features_ + i] += static_cast<double>(samples.row(n)[i]);
        }
        for (std::size_t c = 0; c < count.size(); ++c)
            for (std::size_t i = 0; i < features_; ++i)
                mean_[c * features_ + i] /= std::max(1.0, count[c]);
        for (std::size_t n = 0; n < samples.count(); ++n) {
            const auto c = static_cast<std::size_t>(samples.labels[n]);
            for (std::size_t i = 0; i < features_; ++i) {
                const auto off = static_cast<double>(samples.row(n)[i]) - mean_[c * features_ + i];
                variance_[c * features_ + i] += off * off / count[c];
            }
        }
        const auto floor = smoothing * largestVariance(samples);
        for (auto& variance : variance_)
            variance = std::max(variance + floor, std::numeric_limits<double>::min());
        const auto all = static_cast<double>(samples.count());
        // A class without samples has the prior 0 and is never the answer.
        for (std::size_t c = 0; c < count.size(); ++c)
            logPrior_[c] = std::log(count[c] / all);
    }

    NaiveBayes(const ModelParts& parts, const RowOutline& rows)
        : features_(rows.features)
        , mean_(parts.reals("mean", rows.classes * rows.features))
        , variance_(parts.reals("variance", rows.classes * rows.features))
        , logPrior_(parts.reals("log_prior", rows.classes, false)) {
        for (const auto variance : variance_)
            if (variance <= 0)
                throw Error("\"variance\" holds {}, which is not above 0", variance);
    }

    [[nodiscard]] ModelParts parts() const override {
        ModelParts parts;
        parts.put("mean", mean_);
        parts.put("variance", variance_);
        parts.put("log_prior", logPrior_);
        return parts;
    }

    void answer(std::span<const float> row, std::span<double> out) const override {
        for (std::size_t c = 0; c < out.size(); ++c) {
            double sum = 0;
            for (std::size_t i = 0; i < features_; ++i) {
                const auto variance = variance_[c * features_ + i];
                const auto off = static_cast<double>(row[i]) - mean_[c * features_ + i];
                sum += std::log(2 * std::numbers::pi * variance) + off * off / variance;
            }
            out[c] = logPrior_[c] - sum / 2;
        }
        softmax(out);
    }

private:
    static double largestVariance(const Samples& samples) {
        const auto count = static_cast<double>(samples.count());
        std::vector<double> mean(samples.features);
        std::vector<double> variance(samples.features);
        for (std::size_t n = 0; n < samples.count(); ++n)
            for (std::size_t i = 0; i < samples.features; ++i)
                mean[i] += static_cast<double>(samples.row(n)[i]) / count;
        for (std::size_t n = 0; n < samples.count(); ++n)
            for (std::size_t i = 0; i < samples.features; ++i) {
                const auto off = static_cast<double>(samples.row(n)[i]) - mean[i];
                variance[i] += off * off / count;
            }
        return *std::ranges::max_element(variance);
    }

    std::size_t features_;
    std::vector<double> mean_, variance_; ///< [classes, features]
    std::vector<double> logPrior_;
};

} // namespace

MethodDef naiveBayesMethod() {
    auto smoothing = realParam(
        "smoothing", "Smoothing", 1e-9, 0, 1,
        "This share of the largest variance of a feature is added to each variance, so that a "
        "feature that is constant in a class does not decide alone.");
    return {.key = "naive-bayes",
            .title = "Naive Bayes",
            .doc = "Each class is a normal distribution per feature, independent of the other "
                   "features; the answer is the class that makes the sample most likely.",
            .forValues = false,
            .givesProbabilities = true,
            .params = {smoothing},
            .fit = [](const Samples& samples, const Params& params, std::uint64_t,
                      const Watch&) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<NaiveBayes>(samples, params.real("smoothing"));
            },
            .open = [](const ModelParts& parts,
                       const RowOutline& rows) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<NaiveBayes>(parts, rows);
            }};
}

} // namespace gradwright
