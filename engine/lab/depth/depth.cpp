// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/depth/depth.h"

#include "engine/lab/experiment.h"
#include "engine/lab/key_list.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gradwright {
namespace {

/// An epoch of at most so many steps logs the gradients of each, its first one among them.
constexpr std::int64_t kLoggedSteps = 200;
/// The first layer counts as starved where its gradient is so much smaller than the last one's.
constexpr double kVanishing = 1e-3;
constexpr std::int64_t kDeepest = 200;
constexpr const char* kFitting = "auto"; ///< the initializer that fits the activation

const ParamSpecs& depthParams() {
    static const ParamSpecs params = {
        textParam("depths", "Hidden layers", "2,5,10,20,50", "Numbers of hidden layers."),
        textParam("activations", "Activations", "sigmoid,tanh,relu",
                  "Activation functions of the hidden layers."),
        textParam("variants", "Variants", "plain,residual,normalized",
                  "plain: one layer behind the other; residual: each adds its input to its output; "
                  "normalized: with batch normalization; residual-normalized: both, as in "
                  "ResNet."),
        textParam("initializers", "Initializers", kFitting,
                  "How the kernels of the hidden layers begin, such as he-normal,xavier-normal; "
                  "auto: He for ReLU and its relatives, LeCun for SELU, Xavier for the others."),
        intParam("units", "Units", 32, 1, 4096, "Units of each hidden layer."),
        intParam("samples", "Samples", 2000, 10, 1000000,
                 "How many of the data's samples are used; an epoch takes 200 steps at most.")};
    return params;
}

DepthVariant variantOf(const std::string& text) {
    if (text == "plain")
        return DepthVariant::Plain;
    if (text == "residual")
        return DepthVariant::Residual;
    if (text == "normalized")
        return DepthVariant::Normalized;
    if (text == "residual-normalized")
        return DepthVariant::ResidualNormalized;
    throw Error("variants are plain, residual, normalized and residual-normalized, not \"{}\"",
                text);
}

std::int64_t depthOf(const std::string& text) {
    std::int64_t depth = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), depth);
    if (error != std::errc{} || end != text.data() + text.size() || depth < 1 || depth > kDeepest)
        throw Error("a number of hidden layers must be a whole number from 1 to {}, not \"{}\"",
                    kDeepest, text);
    return depth;
}

struct DepthCase {
    std::int64_t depth;
    std::string activation;
    std::string variant;
    std::string initializer;
};

double ratioOf(const Json& norms) {
    if (norms.empty() || !norms.front().is_number() || !norms.back().is_number())
        return std::nan("");
    return norms.front().get<double>() / norms.back().get<double>();
}

/// Norms of the hidden layers' kernels, the first layer's first.
Json hiddenNorms(const TrialTraining& training, const std::vector<double>& norms) {
    Json hidden = Json::array();
    for (std::size_t i = 0; i < std::min(norms.size(), training.weights.size()); ++i)
        if (training.weights[i].starts_with("hidden") && training.weights[i].ends_with("/weight"))
            hidden.push_back(norms[i]);
    return hidden;
}

std::string ratioText(double ratio) {
    return std::isfinite(ratio) ? fmt::format("{:.2g}", ratio) : std::string("no number");
}

class DepthProcedure final : public Procedure {
public:
    explicit DepthProcedure(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(depthParams(), experiment.settings);
        units_ = params.integer("units");
        auto& data = project_.data;
        const auto samples =
            std::min(params.integer("samples"), kLoggedSteps * project_.training.batch());
        data.limit = data.limit > 0 ? std::min(data.limit, samples) : samples;
        for (const auto& variant : keyList(params.text("variants")))
            for (const auto& activation : keyList(params.text("activations")))
                for (const auto& initializer : keyList(params.text("initializers")))
                    for (const auto& depth : keyList(params.text("depths")))
                        cases_.push_back({depthOf(depth), activation, variant, initializer});
        if (cases_.empty())
            throw Error("give at least one depth, one activation, one variant and one initializer");
        namesInitializers_ = std::ranges::any_of(
            cases_, [](const DepthCase& each) { return each.initializer != kFitting; });
        for (const auto& each : cases_)
            static_cast<void>(projectOf(each)); // which refuses an activation that there is not
    }

    [[nodiscard]] Plan plan() const override {
        Plan plan;
        plan.trials = static_cast<std::int64_t>(cases_.size());
        for (const auto& each : cases_)
            plan.cost += static_cast<double>(each.depth);
        plan.epochs = static_cast<double>(plan.trials * project_.training.epochs());
        plan.steps = {
            fmt::format("Train {} networks of Dense layers with {} units for {} epochs on "
                        "{} samples.",
                        plan.trials, units_, project_.training.epochs(), project_.data.limit),
            "Compare the gradient of the first hidden layer with that of the last, in the "
            "first step and in the last."};
        return plan;
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        if (done.size() >= cases_.size())
            return {};
        const auto& each = cases_[done.size()];
        Trial trial{static_cast<std::int64_t>(done.size()),
                    fmt::format("{} layers, {}, {}", each.depth, each.activation, each.variant),
                    {{"depth", each.depth},
                     {"activation", each.activation},
                     {"variant", each.variant},
                     {"initializer", each.initializer}}};
        if (namesInitializers_)
            trial.title += ", " + each.initializer;
        trial.cost = static_cast<double>(each.depth);
        return trial;
    }

    [[nodiscard]] TrialsAtATime trialsAtATime() const override {
        return TrialsAtATime::Independent;
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& /*done*/,
                            const TrialContext& context) override {
        const auto& each = cases_.at(static_cast<std::size_t>(trial.number));
        const auto training = trainTrial(projectOf(each), context);
        if (!training)
            return {};
        dropWeights(training->run);
        const auto gradients = loggedGradients(training->run);
        if (gradients.empty())
            throw Error("the training has logged no gradients");
        const auto best = bestEpochOf(training->epochs);
        return Json{{"first", hiddenNorms(*training, gradients.front())},
                    {"last", hiddenNorms(*training, gradients.back())},
                    {"loss", best.loss},
                    {"metric", best.quality.metric->key},
                    {"quality", best.quality.value}};
    }

    [[nodiscard]] Report report(const TrialResults& done) const override {
        Report report{.title = "Depth and gradients: " + project_.name,
                      .paragraphs = {},
                      .tables = {},
                      .pictures = {}};
        ReportTable table{"Networks",
                          {"Hidden layers", "Activation", "Variant", "Ratio at first",
                           "Ratio after training", "Quality"},
                          {}};
        if (namesInitializers_)
            table.columns.insert(table.columns.begin() + 3, "Initializer");
        Json networks = Json::array();
        std::string starved;
        for (const auto& result : done) {
            const auto& each = cases_.at(static_cast<std::size_t>(result.trial.number));
            std::vector<std::string> row = {std::to_string(each.depth), each.activation,
                                            each.variant};
            if (namesInitializers_)
                row.push_back(each.initializer);
            if (result.hasFailed()) {
                row.insert(row.end(), {"", "", "failed: " + result.error});
                table.rows.push_back(std::move(row));
                continue;
            }
            const double first = ratioOf(result.values.at("first"));
            const double last = ratioOf(result.values.at("last"));
            const auto& judged = metric(result.values.at("metric").get<std::string>());
            const auto& quality = result.values.at("quality");
            row.insert(row.end(), {ratioText(first), ratioText(last),
                                   quality.is_number() ? valueText(judged, quality.get<double>())
                                                       : std::string("no number")});
            table.rows.push_back(std::move(row));
            if (first < kVanishing)
                starved += (starved.empty() ? "" : "; ") + result.trial.title;
            networks.push_back({{"depth", each.depth},
                                {"activation", each.activation},
                                {"variant", each.variant},
                                {"initializer", each.initializer},
                                {"first", result.values.at("first")},
                                {"last", result.values.at("last")},
                                {"quality", quality}});
        }
        if (!done.empty())
            report.paragraphs = {
                starved.empty()
                    ? std::string("In no network do gradients vanish on their way to the first "
                                  "hidden layer.")
                    : "Gradients vanish on their way to the first hidden layer: " + starved + ".",
                "The ratio is the norm of the gradient of the first hidden layer's kernel over "
                "that "
                "of the last one's; below 0.001 it counts as vanishing."};
        report.tables.push_back(std::move(table));
        report.data = {{"networks", std::move(networks)}};
        return report;
    }

private:
    [[nodiscard]] Project projectOf(const DepthCase& each) const {
        return depthProject(project_, each.depth, each.activation, variantOf(each.variant), units_,
                            each.initializer);
    }

    Project project_;
    std::vector<DepthCase> cases_;
    std::int64_t units_ = 32;
    bool namesInitializers_ = false; ///< in titles and tables: not all of them fit the activation
};

} // namespace

ExperimentKind depthKind() {
    return {
        "depth", "Depth and gradients",
        "Trains networks of different depths on the project's data and tells how much of the "
        "gradient reaches the first layer, with and without residual links and normalization, and "
        "how much the first weights matter.",
        depthParams(), [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
            return std::make_unique<DepthProcedure>(experiment);
        }};
}

} // namespace gradwright
