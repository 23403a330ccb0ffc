// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/precision/precision.h"

#include "engine/backend/devices.h"
#include "engine/graph/analysis.h"
#include "engine/io/run_directory.h"
#include "engine/lab/experiment.h"
#include "engine/lab/key_list.h"
#include "engine/lab/precision/layout_trial.h"
#include "engine/lab/precision/precision_report.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"
#include "engine/training/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

/// How much longer a training in FP64 takes, for the time that is left: the engine that computes
/// in it is written to be read.
constexpr double kDoubleCost = 20;

const ParamSpecs& precisionParams() {
    static const ParamSpecs params = {
        textParam("precisions", "Precisions", "fp64,fp32,bf16",
                  "Number formats with commas between them: fp64, fp32, bf16, and, for GPUs, fp16 "
                  "and tf32."),
        zeroIs("all", intParam("samples", "Samples", 2000, 0, 1e9,
                               "How many of the training samples are used; FP64 is slow, so some "
                               "hundreds are many for a network with convolutions.")),
        boolParam("layouts", "Layouts", true,
                  "Measures the network's convolutions with their values in row-major order, with "
                  "channels last and in blocks of channels.")};
    return params;
}

/// "32-bit" numbers of an engine, in words for the table, and what the processor lacks.
struct EngineWords {
    std::string engine;
    Json lacks = Json::array();
};

EngineWords wordsFor(const ComputeTarget& target) {
    if (target.isGpu())
        return {target.device};
    if (target.precision == Precision::F64)
        return {"reference engine",
                {"FP64 is computed by the reference engine, which is written for exactness: its "
                 "speed says nothing of the processor's."}};
    if (isEmulated(target.precision))
        return {"oneDNN, emulated",
                {"This processor has no instructions for bfloat16: operands are rounded and FP32 "
                 "multiplies them, so the losses are those of BF16 and the speed is not."}};
    if (isSlower(target.precision))
        return {"oneDNN",
                {"This processor has instructions for bfloat16, but trains convolutions in FP32 "
                 "faster."}};
    return {"oneDNN"};
}

class PrecisionProcedure final : public Procedure {
public:
    explicit PrecisionProcedure(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(precisionParams(), experiment.settings);
        precisions_ = keyList(params.text("precisions"));
        if (precisions_.empty())
            throw Error("give at least one precision");
        const auto& spec = *findParam(trainingParams(), "precision");
        for (const auto& key : precisions_)
            if (const auto why = whyInvalid(spec, key))
                throw Error("precisions: {}", *why);
        measuresLayouts_ = params.boolean("layouts");
        // Both would take FP64 longer than the training.
        project_.data.validationFraction = 0;
        project_.data.folds = 0;
        const auto samples = params.integer("samples");
        auto& limit = project_.data.limit;
        if (samples > 0)
            limit = limit > 0 ? std::min(limit, samples) : samples;
    }

    [[nodiscard]] Plan plan() const override {
        const auto epochs = project_.training.epochs();
        Plan plan;
        plan.trials = static_cast<std::int64_t>(precisions_.size()) + (measuresLayouts_ ? 1 : 0);
        for (const auto& key : precisions_)
            plan.cost += costOf(key);
        plan.cost += measuresLayouts_ ? 1 : 0;
        plan.epochs = 0; // an epoch in FP64 takes much longer than one of the latest run
        plan.steps = {fmt::format("Train for {} epochs in {}, with the same seed and in the same "
                                  "order of samples, all of them for training.",
                                  epochs, fmt::join(precisions_, ", "))};
        if (measuresLayouts_)
            plan.steps.emplace_back(
                "Measure each convolution in FP32 with its values in row-major order, with "
                "channels last and in blocks of 8 and 16 channels, and the changes between them.");
        return plan;
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        const auto number = static_cast<std::int64_t>(done.size());
        if (done.size() < precisions_.size()) {
            const auto& key = precisions_[done.size()];
            return Trial{number, key, {{"precision", key}}, costOf(key)};
        }
        if (done.size() == precisions_.size() && measuresLayouts_)
            return Trial{number, kLayoutsTrial, Json::object()};
        return {};
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& /*done*/,
                            const TrialContext& context) override {
        if (trial.title == kLayoutsTrial)
            return measureLayouts(project_, context);
        auto project = project_;
        project.training.params.insert_or_assign("precision",
                                                 trial.settings.at("precision").get<std::string>());
        const auto training = trainTrial(project, context, {.withoutTest = true});
        if (!training)
            return {};
        dropWeights(training->run);
        const auto best = bestEpochOf(training->epochs);
        auto words = wordsFor(project.training.target());
        Json values = {{"metric", best.quality.metric->key},
                       {"quality", best.quality.value},
                       {"loss", training->epochs.back().trainingLoss},
                       {"samples_per_second", training->samplesPerSecond},
                       {"seconds", training->seconds},
                       {"engine", words.engine},
                       {"lacks", std::move(words.lacks)},
                       {"curve", lossCurve(training->run)}};
        return values;
    }

    [[nodiscard]] Report report(const TrialResults& done) const override {
        return precisionReport(project_.name, done);
    }

private:
    static double costOf(const std::string& key) { return key == "fp64" ? kDoubleCost : 1; }

    Project project_;
    std::vector<std::string> precisions_;
    bool measuresLayouts_ = true;
};

} // namespace

ExperimentKind precisionKind() {
    return {
        "precision",
        "Precision and layout",
        "Trains the network in several number formats, side by side, and measures its "
        "convolutions with their values in different orders: what precision costs, what it "
        "gains, and what a layout does.",
        precisionParams(),
        [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
            return std::make_unique<PrecisionProcedure>(experiment);
        },
        [](const Project& project) -> ParamValues {
            // About a minute of the reference engine's.
            constexpr double kMacs = 1e10;
            const auto epochs = static_cast<double>(project.training.epochs());
            const auto macs = static_cast<double>(analyze(project.network).macs);
            const auto samples = kMacs / (3 * std::max(1.0, macs) * epochs);
            const auto batch = static_cast<double>(project.training.batch());
            return {{"samples", std::llround(std::clamp(samples, batch, std::max(batch, 2000.0)))}};
        }};
}

} // namespace gradwright
