// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/quantization/quantize_trained.h"

#include "engine/backend/devices.h"
#include "engine/backend/evaluation_batch.h"
#include "engine/passes/inference/optimize.h"
#include "engine/passes/quantization/pack_dense.h"
#include "engine/support/error.h"
#include "engine/training/evaluation.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace gradwright {
namespace {

constexpr std::size_t kSamplesForErrors = 256;
// Shares of the work, roughly: observing, the error of each layer, the measurements behind it.
constexpr double kObserving = 0.3;
constexpr double kErrors = 0.5;

double relativeError(const std::vector<float>& made, const std::vector<float>& real) {
    double difference = 0;
    double norm = 0;
    for (std::size_t i = 0; i < real.size(); ++i) {
        difference += std::pow(double{made[i]} - double{real[i]}, 2);
        norm += std::pow(double{real[i]}, 2);
    }
    return norm > 0 ? std::sqrt(difference / norm) : 0;
}

/// With kernels of these dense layers in 4 bits.
InferenceModel packed(InferenceModel model, const QuantizationPlan& plan, std::int64_t group) {
    auto copy = model;
    std::set<std::string> others;
    for (auto& name : packDense(copy, group))
        if (!plan.contains(name))
            others.insert(std::move(name));
    packDense(model, group, others);
    return model;
}

class TrainedQuantizer {
public:
    TrainedQuantizer(const InferenceModel& model, const TrainingGraph& graph,
                     const CalibrationData& data, const std::stop_token& stop,
                     const std::function<void(double)>& progress)
        : model_(model)
        , real_(model)
        , graph_(graph)
        , data_(data)
        , stop_(stop)
        , progress_(progress) {}

    std::optional<QuantizedNetwork> run(const QuantizationSettings& settings) {
        const auto kept = productsOf(model_.graph, settings.keep);
        group_ = settings.packedGroup;
        if (settings.equalizes)
            equalize(real_);
        const auto plan = group_ > 0 ? packable(kept) : ranged(settings, kept);
        if (!plan)
            return {};
        if (settings.correctsBiases && group_ == 0) {
            auto means = meansOf(real_, graph_, data_, stop_);
            if (!means)
                return {};
            means_ = *std::move(means);
        }
        QuantizedNetwork made{.model = {},
                              .plan = *plan,
                              .whole = *plan,
                              .real = real_,
                              .means = means_,
                              .layers = {},
                              .before = {},
                              .after = {},
                              .packedGroup = group_};
        if (!measureLayers(*plan, made.layers))
            return {};
        const auto before = scoreOf(model_, graph_, data_, stop_);
        if (!before)
            return {};
        made.before = *before;
        if (!choose(settings.mostLoss, made))
            return {};
        tell(1);
        return made;
    }

private:
    void tell(double share) const {
        if (progress_)
            progress_(share);
    }
    [[nodiscard]] InferenceModel quantizedBy(const QuantizationPlan& plan) const {
        if (plan.empty())
            return model_;
        return group_ > 0 ? packed(real_, plan, group_) : inIntegers(real_, plan, means_);
    }

    /// Nothing when stopped.
    [[nodiscard]] std::optional<QuantizationPlan> ranged(const QuantizationSettings& settings,
                                                         const std::set<std::string>& kept) const {
        const auto histograms =
            observe(real_, graph_, data_, stop_, [&](double share) { tell(kObserving * share); });
        if (!histograms)
            return {};
        auto plan = planFor(model_.graph, *histograms, settings.method, settings.kind, kept,
                            settings.given);
        if (plan.empty())
            throw Error("the network has no convolution or dense layer to be quantized");
        return plan;
    }

    [[nodiscard]] std::optional<QuantizationPlan>
    packable(const std::set<std::string>& kept) const {
        auto copy = real_;
        QuantizationPlan plan;
        for (const auto& name : packDense(copy, group_, kept))
            plan[name] = {};
        if (plan.empty())
            throw Error("the network has no dense layer whose kernel could be in 4 bits");
        return plan;
    }

    /// False when stopped.
    bool measureLayers(const QuantizationPlan& plan, std::vector<LayerError>& layers) const {
        auto few = data_;
        few.indices.resize(std::min(few.indices.size(), kSamplesForErrors));
        const auto real = outputsFor(model_, graph_, few, stop_);
        if (!real)
            return false;
        auto products = quantizableProducts(model_.graph);
        if (group_ > 0) {
            auto copy = real_;
            const auto dense = packDense(copy, group_);
            std::erase_if(products, [&](const QuantizableProduct& product) {
                return std::ranges::find(dense, product.name) == dense.end();
            });
        }
        for (const auto& product : products) {
            LayerError layer{.name = product.name, .layers = product.layers};
            if (const auto found = plan.find(product.name); found != plan.end()) {
                const auto made = outputsFor(quantizedBy({*found}), graph_, few, stop_);
                if (!made)
                    return false;
                layer.error = relativeError(*made, *real);
                layer.isQuantized = true;
            }
            layers.push_back(std::move(layer));
            tell(kObserving + kErrors * static_cast<double>(layers.size()) /
                                  static_cast<double>(products.size()));
        }
        return true;
    }

    /// Takes products out of the plan until the loss is small enough; false when stopped.
    bool choose(std::optional<double> mostLoss, QuantizedNetwork& made) const {
        std::vector<LayerError*> bySensitivity;
        for (auto& layer : made.layers)
            if (layer.isQuantized)
                bySensitivity.push_back(&layer);
        std::ranges::stable_sort(bySensitivity, std::greater<>(), &LayerError::error);
        for (auto next = bySensitivity.begin();; ++next) {
            made.model = quantizedBy(made.plan);
            const auto after = scoreOf(made.model, graph_, data_, stop_);
            if (!after)
                return false;
            made.after = *after;
            const auto loss = made.before.quality.value - made.after.quality.value;
            if (!mostLoss || loss <= *mostLoss || next == bySensitivity.end())
                return true;
            (*next)->isQuantized = false;
            made.plan.erase((*next)->name);
        }
    }

    const InferenceModel& model_;
    InferenceModel real_; ///< what is quantized
    InputMeans means_;
    std::int64_t group_ = 0; ///< of kernels in 4 bits
    const TrainingGraph& graph_;
    const CalibrationData& data_;
    const std::stop_token& stop_;
    const std::function<void(double)>& progress_;
};

} // namespace

InferenceModel inIntegers(InferenceModel real, const QuantizationPlan& plan,
                          const InputMeans& means) {
    correctBiases(real, plan, means);
    quantize(real, plan);
    return real;
}

InferenceModel inIntegers(const QuantizedNetwork& made, const QuantizationPlan& plan) {
    if (plan.empty())
        return made.real;
    return made.packedGroup > 0 ? packed(made.real, plan, made.packedGroup)
                                : inIntegers(made.real, plan, made.means);
}

std::optional<QuantizedNetwork>
quantizeTrained(const InferenceModel& model, const TrainingGraph& graph,
                const CalibrationData& data, const QuantizationSettings& settings,
                const std::stop_token& stop, const std::function<void(double)>& progress) {
    return TrainedQuantizer(model, graph, data, stop, progress).run(settings);
}

std::optional<Score> scoreOf(const InferenceModel& model, const TrainingGraph& graph,
                             const CalibrationData& data, const std::stop_token& stop,
                             const EvaluationProgress& progress) {
    auto own = graph;
    own.graph = model.graph;
    ProgramCache programs(backendFor({}), model.graph, {});
    programs.get(evaluationBatch(model.graph), Mode::Inference);
    for (std::uint32_t i = 0; i < model.weights.size(); ++i)
        programs.weights()->write(WeightId{i}, model.weights[i].to(DType::F32));
    return evaluate(programs, own, data.source, data.indices, stop, progress);
}

std::int64_t weightBytes(const InferenceModel& model) {
    return sizeOf(model.graph).weights;
}

} // namespace gradwright
