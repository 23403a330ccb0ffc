// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/cross_validation/cross_validation.h"

#include "engine/ensembles/significance.h"
#include "engine/lab/experiment.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"

#include <fmt/format.h>

#include <cmath>

namespace gradwright {
namespace {

const ParamSpecs& crossValidationParams() {
    static const ParamSpecs params = {
        intParam("folds", "Folds", 5, 2, 100,
                 "Into how many parts the samples are cut; the network is trained as often.")};
    return params;
}

/// A number that JSON lacks was written as null.
double numberOf(const Json& values, const char* key) {
    const auto found = values.find(key);
    return found != values.end() && found->is_number() ? found->get<double>() : std::nan("");
}

class CrossValidation final : public Procedure {
public:
    explicit CrossValidation(const Experiment& experiment)
        : project_(experiment.project)
        , folds_(Params(crossValidationParams(), experiment.settings).integer("folds")) {
        if (project_.data.folds > 0)
            throw Error("the project's samples are already cut into folds");
    }

    [[nodiscard]] Plan plan() const override {
        const auto epochs = project_.training.epochs();
        return {folds_,
                static_cast<double>(folds_),
                {fmt::format("Cut the training samples into {} folds, each class in proportion.",
                             folds_),
                 fmt::format("Train {} times for {} epochs, each time without one fold, which "
                             "judges the training.",
                             folds_, epochs)},
                static_cast<double>(folds_ * epochs)};
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        const auto number = static_cast<std::int64_t>(done.size());
        if (number >= folds_)
            return {};
        return Trial{number, fmt::format("fold {} of {}", number + 1, folds_), {{"fold", number}}};
    }

    [[nodiscard]] TrialsAtATime trialsAtATime() const override {
        return TrialsAtATime::Independent;
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& /*done*/,
                            const TrialContext& context) override {
        auto project = project_;
        project.data.folds = folds_;
        project.data.fold = trial.number;
        const auto training = trainTrial(project, context);
        if (!training)
            return {};
        dropWeights(training->run);
        const auto best = bestEpochOf(training->epochs);
        Json values = {{"best_epoch", best.epoch},
                       {"loss", best.loss},
                       {"metric", best.quality.metric->key},
                       {"quality", best.quality.value}};
        if (training->test)
            values["test_quality"] = training->test->quality.value;
        return values;
    }

    [[nodiscard]] Report report(const TrialResults& done) const override {
        Report report;
        report.title = "Cross-validation: " + project_.name;
        ReportTable table{"Folds", {"Fold", "Best epoch", "Loss", "Held-out fold", "Test set"}, {}};
        std::vector<double> qualities;
        const MetricDef* judged = nullptr;
        Json folds = Json::array();
        for (const auto& result : done) {
            const auto fold = std::to_string(result.trial.number + 1);
            if (result.hasFailed()) {
                table.rows.push_back({fold, "", "", result.error, ""});
                continue;
            }
            judged = &metric(result.values.at("metric").get<std::string>());
            qualities.push_back(numberOf(result.values, "quality"));
            table.rows.push_back({fold, fmt::format("{}", numberOf(result.values, "best_epoch")),
                                  fmt::format("{:.4f}", numberOf(result.values, "loss")),
                                  valueText(*judged, qualities.back()),
                                  valueText(*judged, numberOf(result.values, "test_quality"))});
            folds.push_back({{"fold", result.trial.number + 1},
                             {"quality", qualities.back()},
                             {"test_quality", numberOf(result.values, "test_quality")}});
        }
        if (qualities.size() > 1) {
            const auto interval = meanInterval(qualities);
            report.paragraphs.push_back(fmt::format(
                "Over {} folds the {} is {} on average, with a standard deviation of {}. The 95 % "
                "interval of the mean is {} to {} (Student's t).",
                qualities.size(), nameInSentence(*judged), valueText(*judged, interval.mean),
                valueText(*judged, interval.deviation),
                valueText(*judged, interval.mean - interval.half),
                valueText(*judged, interval.mean + interval.half)));
            report.paragraphs.emplace_back(
                "Trainings of different folds share most of their samples, so their results depend "
                "on each other and the true interval is wider (Bengio, Grandvalet 2004). A fold "
                "also chooses the best epoch of its training, which flatters it a little.");
            report.data = {{"mean", interval.mean},
                           {"deviation", interval.deviation},
                           {"low", interval.mean - interval.half},
                           {"high", interval.mean + interval.half}};
        }
        if (judged)
            report.data["metric"] = judged->key;
        report.data["qualities"] = qualities;
        report.data["folds"] = std::move(folds);
        report.tables.push_back(std::move(table));
        return report;
    }

private:
    Project project_;
    std::int64_t folds_;
};

} // namespace

ExperimentKind crossValidationKind() {
    return {"cross-validation", "Cross-validation",
            "Trains the network several times, each time without one part of the samples, which "
            "then judges it: a result that does not hang on one split, with its interval.",
            crossValidationParams(),
            [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
                return std::make_unique<CrossValidation>(experiment);
            }};
}

} // namespace gradwright
