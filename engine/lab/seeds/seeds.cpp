// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/seeds/seeds.h"

#include "engine/lab/experiment.h"
#include "engine/lab/spread.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"

#include <fmt/format.h>

#include <cmath>

namespace gradwright {
namespace {

const ParamSpecs& seedsParams() {
    static const ParamSpecs params = {
        intParam("trainings", "Trainings", 5, 2, 1000, "How often the network is trained."),
        intParam("first_seed", "First seed", 1, 0, 9e15,
                 "Seed of the first training; each further one takes the next number.")};
    return params;
}

Json valuesOf(const TrialTraining& training) {
    const auto best = bestEpochOf(training.epochs);
    Json values = {{"best_epoch", best.epoch},
                   {"loss", best.loss},
                   {"metric", best.quality.metric->key},
                   {"quality", best.quality.value},
                   {"seconds", training.seconds}};
    if (training.test) {
        values["test_loss"] = training.test->loss;
        values["test_quality"] = training.test->quality.value;
    }
    return values;
}

double seedNumber(const Json& values, const char* key) {
    const auto found = values.find(key);
    return found != values.end() && found->is_number() ? found->get<double>() : std::nan("");
}

class SeedsProcedure final : public Procedure {
public:
    explicit SeedsProcedure(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(seedsParams(), experiment.settings);
        trainings_ = params.integer("trainings");
        firstSeed_ = params.integer("first_seed");
    }

    [[nodiscard]] Plan plan() const override {
        const auto epochs = project_.training.epochs();
        return {trainings_,
                static_cast<double>(trainings_),
                {fmt::format("Train {} times for {} epochs, with the seeds {} to {}.", trainings_,
                             epochs, firstSeed_, firstSeed_ + trainings_ - 1)},
                static_cast<double>(trainings_ * epochs)};
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        const auto number = static_cast<std::int64_t>(done.size());
        if (number >= trainings_)
            return {};
        const auto seed = firstSeed_ + number;
        return Trial{number, fmt::format("seed {}", seed), {{"seed", seed}}};
    }

    [[nodiscard]] TrialsAtATime trialsAtATime() const override {
        return TrialsAtATime::Independent;
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& /*done*/,
                            const TrialContext& context) override {
        auto project = project_;
        project.training.params.insert_or_assign("seed",
                                                 trial.settings.at("seed").get<std::int64_t>());
        const auto training = trainTrial(project, context);
        if (!training)
            return {};
        dropWeights(training->run);
        return valuesOf(*training);
    }

    [[nodiscard]] Report report(const TrialResults& done) const override {
        Report report{.title = "Luck of the seed: " + project_.name,
                      .paragraphs = {},
                      .tables = {},
                      .pictures = {}};
        ReportTable table{"Trainings", {"Seed", "Best epoch", "Loss", "Quality", "Test"}, {}};
        std::vector<double> qualities;
        const MetricDef* judged = nullptr;
        Json values = Json::array();
        for (const auto& result : done) {
            const auto seed = fmt::format("{}", result.trial.settings.at("seed").get<double>());
            if (result.hasFailed()) {
                table.rows.push_back({seed, "", "", "", result.error});
                continue;
            }
            judged = &metric(result.values.at("metric").get<std::string>());
            qualities.push_back(seedNumber(result.values, "quality"));
            table.rows.push_back({seed, fmt::format("{}", seedNumber(result.values, "best_epoch")),
                                  fmt::format("{:.4f}", seedNumber(result.values, "loss")),
                                  valueText(*judged, qualities.back()),
                                  valueText(*judged, seedNumber(result.values, "test_quality"))});
            values.push_back({{"seed", result.trial.settings.at("seed")},
                              {"quality", qualities.back()},
                              {"test_quality", seedNumber(result.values, "test_quality")}});
        }
        const auto spread = spreadOf(qualities);
        if (judged && spread.count > 1)
            report.paragraphs.push_back(fmt::format(
                "The best validation {} of {} trainings lies between {} and {}, on average at {}; "
                "its standard deviation is {}. A change of the network or its settings that gains "
                "less than two deviations may be luck.",
                nameInSentence(*judged), spread.count, valueText(*judged, spread.least),
                valueText(*judged, spread.most), valueText(*judged, spread.mean),
                valueText(*judged, spread.deviation)));
        report.data = {{"mean", spread.mean},       {"deviation", spread.deviation},
                       {"least", spread.least},     {"most", spread.most},
                       {"trainings", spread.count}, {"values", std::move(values)}};
        if (judged)
            report.data["metric"] = judged->key;
        report.tables.push_back(std::move(table));
        return report;
    }

private:
    Project project_;
    std::int64_t trainings_ = 0;
    std::int64_t firstSeed_ = 0;
};

} // namespace

ExperimentKind seedsKind() {
    return {"seeds", "Luck of the seed",
            "Trains the same network several times, each with another seed, and tells how far the "
            "results lie apart: a smaller difference between two networks means nothing.",
            seedsParams(), [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
                return std::make_unique<SeedsProcedure>(experiment);
            }};
}

} // namespace gradwright
