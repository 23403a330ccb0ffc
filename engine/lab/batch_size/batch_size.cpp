// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/batch_size/batch_size.h"

#include "engine/lab/batch_size/batch_size_report.h"
#include "engine/lab/experiment.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"

#include <fmt/format.h>

#include <cmath>

namespace gradwright {
namespace {

constexpr std::int64_t kLargestBatch = 65536;

const ParamSpecs& batchSizeParams() {
    static const ParamSpecs params = {
        intParam("smallest", "Smallest", 4, 1, static_cast<double>(kLargestBatch),
                 "Samples per step to begin with; each further size is twice as large."),
        intParam("largest", "Largest", 4096, 1, static_cast<double>(kLargestBatch),
                 "The largest number of samples per step."),
        choiceParam("rule", "Learning rate", "none",
                    {{"none", "Unchanged", "The same rate for all sizes."},
                     {"sqrt", "Square root", "By the square root of the ratio of the sizes."},
                     {"linear", "Linear, with warm-up",
                      "By the ratio of the sizes, which begins at a tenth and grows for some "
                      "epochs."}},
                    "How the learning rate follows the batch size; the project's rate belongs to "
                    "the project's size."),
        [] {
            auto warmup = realParam("warmup_epochs", "Warm-up", 1, 0, 1000,
                                    "Epochs in which the rate grows, with the linear rule.");
            warmup.visibleWhen = ParamCondition{"rule", {std::string("linear")}};
            return warmup;
        }(),
        intParam("repeats", "Seeds", 3, 1, 100,
                 "How often each size is trained, each time with another seed."),
        zeroIs("automatic",
               realParam("target_loss", "Target loss", 0, 0, 1e6,
                         "A validation loss, to reach which takes how long is told; automatic: the "
                         "median of what the sizes reach at best.")),
        intParam("seed", "First seed", 1, 0, 9e15, "Seed of the first training of each size.")};
    return params;
}

std::vector<std::int64_t> sizesBetween(std::int64_t smallest, std::int64_t largest) {
    std::vector<std::int64_t> sizes;
    for (auto size = smallest; size <= largest; size *= 2)
        sizes.push_back(size);
    return sizes;
}

RateRule ruleOf(const std::string& key) {
    if (key == "linear")
        return RateRule::Linear;
    return key == "sqrt" ? RateRule::SquareRoot : RateRule::None;
}

class BatchSizeProcedure final : public Procedure {
public:
    explicit BatchSizeProcedure(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(batchSizeParams(), experiment.settings);
        outline_.name = project_.name;
        outline_.sizes = sizesBetween(params.integer("smallest"), params.integer("largest"));
        if (outline_.sizes.empty())
            throw Error("the smallest batch size must not be above the largest, {} and {}",
                        params.integer("smallest"), params.integer("largest"));
        outline_.present = project_.training.batch();
        outline_.targetLoss = params.real("target_loss");
        outline_.hasValidation = project_.data.validationFraction > 0;
        outline_.rate = project_.training.learningRate();
        outline_.rule = ruleOf(params.text("rule"));
        warmup_ = params.real("warmup_epochs");
        repeats_ = params.integer("repeats");
        seed_ = params.integer("seed");
    }

    [[nodiscard]] Plan plan() const override {
        const auto sizes = static_cast<std::int64_t>(outline_.sizes.size());
        const auto epochs = project_.training.epochs();
        Plan plan;
        plan.trials = sizes * repeats_;
        for (const auto size : outline_.sizes)
            plan.cost += static_cast<double>(repeats_) * costOf(size);
        plan.epochs = static_cast<double>(plan.trials * epochs);
        plan.steps = {fmt::format("Train with {} batch sizes from {} to {}, {} time{} each for {} "
                                  "epochs.",
                                  sizes, outline_.sizes.front(), outline_.sizes.back(), repeats_,
                                  repeats_ == 1 ? "" : "s", epochs),
                      ruleText(),
                      outline_.hasValidation
                          ? std::string("Compare the best validation errors and the speeds.")
                          : std::string("There are no validation samples, so sizes are compared by "
                                        "the samples that they train with.")};
        return plan;
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        const auto number = static_cast<std::int64_t>(done.size());
        const auto sizes = static_cast<std::int64_t>(outline_.sizes.size());
        if (number >= sizes * repeats_)
            return {};
        // All sizes with the first seed before the second one, and the quick ones first: so the
        // whole picture is there early.
        const auto size = outline_.sizes[static_cast<std::size_t>(sizes - 1 - number % sizes)];
        const auto seed = seed_ + number / sizes;
        Trial trial{
            number,
            fmt::format("batch {}, seed {}", size, seed),
            {{"batch", size},
             {"seed", seed},
             {"learning_rate", scaledRate(outline_.rule, outline_.rate, outline_.present, size)}}};
        trial.cost = costOf(size);
        return trial;
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& /*done*/,
                            const TrialContext& context) override {
        auto project = project_;
        auto& params = project.training.params;
        params.insert_or_assign("batch", trial.settings.at("batch").get<std::int64_t>());
        params.insert_or_assign("seed", trial.settings.at("seed").get<std::int64_t>());
        params.insert_or_assign("learning_rate", trial.settings.at("learning_rate").get<double>());
        if (outline_.rule == RateRule::Linear && warmup_ > 0)
            params.insert_or_assign("warmup_epochs", warmup_);
        requireValid(project.training);
        const auto training = trainTrial(project, context);
        if (!training)
            return {};
        dropWeights(training->run);
        const auto best = bestEpochOf(training->epochs);
        Json losses = Json::array();
        Json seconds = Json::array();
        for (const auto& epoch : training->epochs) {
            losses.push_back(epoch.validation ? epoch.validation->loss : epoch.trainingLoss);
            seconds.push_back(epoch.seconds);
        }
        return Json{{"epoch", best.epoch},
                    {"loss", leastLossOf(training->epochs).loss},
                    {"metric", best.quality.metric->key},
                    {"quality", best.quality.value},
                    {"samples_per_second", training->samplesPerSecond},
                    {"losses", std::move(losses)},
                    {"seconds", std::move(seconds)}};
    }

    [[nodiscard]] Report report(const TrialResults& done) const override {
        return batchSizeReport(outline_, done);
    }

    [[nodiscard]] std::optional<Recommendation>
    recommendation(const TrialResults& done) const override {
        const auto size = sweetSpot(sizeOutcomes(outline_, done));
        if (size == 0)
            return {};
        Recommendation change{fmt::format("Use {}", size), {{"batch", fmt::format("{}", size)}}};
        if (outline_.rule != RateRule::None && size != outline_.present) {
            change.settings.emplace_back("learning_rate",
                                         fmt::format("{}", scaledRate(outline_.rule, outline_.rate,
                                                                      outline_.present, size)));
            if (outline_.rule == RateRule::Linear && warmup_ > 0)
                change.settings.emplace_back("warmup_epochs", fmt::format("{}", warmup_));
        }
        return change;
    }

private:
    /// A step has a part that does not depend on the batch, about as long as that of 32 samples.
    static double costOf(std::int64_t size) { return 1 + 32.0 / static_cast<double>(size); }

    [[nodiscard]] std::string ruleText() const {
        switch (outline_.rule) {
        case RateRule::None:
            return fmt::format("The learning rate stays {:.4g}.", outline_.rate);
        case RateRule::SquareRoot:
            return fmt::format(
                "The learning rate is {:.4g} at batch size {} and follows the square "
                "root of the size.",
                outline_.rate, outline_.present);
        case RateRule::Linear:
            return fmt::format("The learning rate is {:.4g} at batch size {} and follows the size, "
                               "after a warm-up of {} epochs.",
                               outline_.rate, outline_.present, warmup_);
        }
        return {};
    }

    Project project_;
    BatchSizeOutline outline_;
    double warmup_ = 1;
    std::int64_t repeats_ = 3;
    std::int64_t seed_ = 1;
};

} // namespace

double scaledRate(RateRule rule, double rate, std::int64_t reference, std::int64_t size) {
    const double ratio = static_cast<double>(size) / static_cast<double>(reference);
    switch (rule) {
    case RateRule::None:
        return rate;
    case RateRule::SquareRoot:
        return rate * std::sqrt(ratio);
    case RateRule::Linear:
        return rate * ratio;
    }
    return rate;
}

ExperimentKind batchSizeKind() {
    return {"batch-size", "Batch size",
            "Trains the network with batches of different sizes and finds the one that learns best "
            "and is fast.",
            batchSizeParams(), [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
                return std::make_unique<BatchSizeProcedure>(experiment);
            }};
}

} // namespace gradwright
