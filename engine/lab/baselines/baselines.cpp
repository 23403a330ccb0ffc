// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/baselines/baselines.h"

#include "engine/ensembles/member.h"
#include "engine/ensembles/saved_baseline.h"
#include "engine/lab/baselines/method_trial.h"
#include "engine/lab/experiment.h"
#include "engine/lab/train_trial.h"
#include "engine/metrics/quality.h"
#include "engine/support/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cmath>

namespace gradwright {
namespace {

constexpr const char* kNetworkTrial = "network";

const ParamSpecs& baselinesParams() {
    static const ParamSpecs params = {
        textParam("methods", "Methods", "",
                  "Classical methods with commas between them, such as svm-rbf,forest,knn; none: "
                  "all that suit the project's loss and can be used here."),
        textParam("parameters", "Parameters", "",
                  "METHOD.PARAMETER=VALUE with semicolons between them, such as svm-rbf.c=10; "
                  "knn.neighbours=3."),
        zeroIs("all", intParam("samples", "Samples", 10000, 0, 1e9,
                               "How many of the training samples all of them learn, the network "
                               "too; kernel machines take long with many.")),
        boolParam("network", "Network", true, "Also trains and measures the project's network."),
        boolParam("keep", "Keep fitted methods", true,
                  "Fitted methods stay in the experiment's folder, and the Inference page can "
                  "read with them.")};
    return params;
}

class BaselinesProcedure final : public Procedure {
public:
    explicit BaselinesProcedure(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(baselinesParams(), experiment.settings);
        methods_ = chosenMethods(project_, params.text("methods"), params.text("parameters"));
        trainsNetwork_ = params.boolean("network");
        keeps_ = params.boolean("keep");
        const auto samples = params.integer("samples");
        auto& limit = project_.data.limit;
        if (samples > 0)
            limit = limit > 0 ? std::min(limit, samples) : samples;
    }

    [[nodiscard]] Plan plan() const override {
        std::vector<std::string> names;
        for (const auto& each : methods_)
            names.push_back(each.method->key);
        Plan plan;
        plan.trials = static_cast<std::int64_t>(methods_.size()) + (trainsNetwork_ ? 1 : 0);
        plan.cost = static_cast<double>(methods_.size()) + (trainsNetwork_ ? kNetworkCost : 0);
        plan.epochs = trainsNetwork_ ? static_cast<double>(project_.training.epochs()) : 0;
        plan.steps.push_back(fmt::format(
            "Fit {} to {} training samples, with the preparation that "
            "the network gets.",
            fmt::join(names, ", "),
            project_.data.limit > 0 ? fmt::format("{}", project_.data.limit) : std::string("all")));
        if (trainsNetwork_)
            plan.steps.push_back(fmt::format("Train the network on the same samples for {} epochs.",
                                             project_.training.epochs()));
        plan.steps.emplace_back("Measure all of them on the same test set.");
        return plan;
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        const auto number = static_cast<std::int64_t>(done.size());
        if (done.size() < methods_.size()) {
            const auto& method = *methods_[done.size()].method;
            return Trial{number, method.title, {{"method", method.key}}};
        }
        if (done.size() == methods_.size() && trainsNetwork_)
            return Trial{
                number, "network " + project_.name, {{"method", kNetworkTrial}}, kNetworkCost};
        return {};
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& /*done*/,
                            const TrialContext& context) override {
        if (trial.settings.at("method") == kNetworkTrial)
            return runNetwork(context);
        const auto& chosen = methods_.at(static_cast<std::size_t>(trial.number));
        const auto measured = measureMethod(project_, chosen, project_.training.seed(), context);
        if (!measured)
            return {};
        if (measured->isUnfit)
            return Json{{"passed_over", true}};
        auto values = outcomesJson(measured->baseline.outcomes, measured->info.classes);
        if (keeps_)
            keep(chosen, *measured, values, context);
        values["fit_seconds"] = measured->baseline.fitSeconds;
        values["answer_seconds"] = measured->baseline.answerSeconds;
        values["learned"] = measured->learned;
        values["note"] = measured->baseline.note;
        return values;
    }

    [[nodiscard]] Report report(const TrialResults& done) const override;

private:
    static constexpr double kNetworkCost = 5; ///< beside a method

    void keep(const ChosenMethod& chosen, const MeasuredMethod& measured, const Json& values,
              const TrialContext& context) const {
        SavedBaseline saved{.method = chosen.method,
                            .params = chosen.params,
                            .seed = project_.training.seed(),
                            .learned = measured.learned,
                            .quality = {},
                            .metric = values.at("metric").get<std::string>(),
                            .project = project_,
                            .info = measured.info,
                            .model = measured.baseline.model};
        if (values.at("quality").is_number())
            saved.quality = values.at("quality").get<double>();
        saveBaseline(context.folder / (chosen.method->key + kBaselineEnding), saved);
    }

    [[nodiscard]] std::optional<Json> runNetwork(const TrialContext& context) const {
        const auto training = trainTrial(project_, context);
        if (!training)
            return {};
        const Member member(training->run);
        const auto data = member.data();
        const auto begun = std::chrono::steady_clock::now();
        const auto answers = member.testAnswers(context.stop);
        if (!answers)
            return {};
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
        dropWeights(training->run);
        auto values = outcomesJson(*answers, data.info.classes);
        values["fit_seconds"] = training->seconds;
        values["answer_seconds"] = taken.count();
        values["learned"] = indicesOf(data, project_.data, DataPart::Training).size();
        return values;
    }

    Project project_;
    std::vector<ChosenMethod> methods_;
    bool trainsNetwork_ = true;
    bool keeps_ = true;
};

double qualityIn(const Json& values) {
    const auto& quality = values.at("quality");
    return quality.is_number() ? quality.get<double>() : std::nan("");
}

Report BaselinesProcedure::report(const TrialResults& done) const {
    Report report;
    report.title = "Classical baselines: " + project_.name;
    ReportTable table{"On the test set", {"Method", "Quality", "To learn", "To answer", ""}, {}};
    Json methods = Json::array();
    const TrialResult* network = nullptr;
    const TrialResult* best = nullptr; // of the classical methods
    bool isUneven = false;
    for (const auto& result : done)
        isUneven = isUneven || result.values.value("uneven", false);
    if (isUneven)
        table.columns.insert(table.columns.begin() + 2, "Balanced");
    for (const auto& result : done) {
        if (result.values.contains("passed_over"))
            continue;
        const auto key = result.trial.settings.at("method").get<std::string>();
        const bool isNetwork = key == kNetworkTrial;
        const auto title = isNetwork ? "Network: " + project_.name : result.trial.title;
        std::vector<std::string> row = {title};
        if (result.hasFailed()) {
            row.resize(table.columns.size() - 1);
            row.push_back(result.error);
            table.rows.push_back(std::move(row));
            continue;
        }
        const auto& values = result.values;
        const auto& judged = metric(values.at("metric").get<std::string>());
        table.columns[1] = judged.title;
        row.push_back(valueText(judged, qualityIn(values)));
        if (isUneven)
            row.push_back(valueText(judged, values.value("balanced", std::nan(""))));
        row.push_back(fmt::format("{:.2f} s", values.at("fit_seconds").get<double>()));
        row.push_back(fmt::format("{:.2f} s", values.at("answer_seconds").get<double>()));
        row.push_back(values.value("note", std::string()));
        table.rows.push_back(std::move(row));
        if (isNetwork)
            network = &result;
        else if (!best || qualityIn(values) > qualityIn(best->values))
            best = &result;
        auto entry = values;
        entry["method"] = key;
        entry["title"] = title;
        methods.push_back(std::move(entry));
    }
    if (best) {
        const auto& judged = metric(best->values.at("metric").get<std::string>());
        auto answer = fmt::format("The best of the classical methods is {} with {}",
                                  best->trial.title, valueText(judged, qualityIn(best->values)));
        if (network)
            answer += fmt::format("; the network reaches {}",
                                  valueText(judged, qualityIn(network->values)));
        report.paragraphs.push_back(
            fmt::format("{} on {} test samples.", answer, best->values.at("samples").dump()));
        report.paragraphs.push_back(
            fmt::format("All of them have learned the same {} samples, prepared as the network "
                        "gets them and never augmented{}.",
                        best->values.at("learned").dump(),
                        project_.data.augmentation.empty() ? "" : "; the network's are"));
    }
    if (isUneven)
        report.paragraphs.emplace_back(
            "Balanced is the mean over the classes of the share that was read right, since the "
            "classes are of uneven size.");
    report.tables.push_back(std::move(table));
    report.data = {{"methods", std::move(methods)}};
    return report;
}

} // namespace

ExperimentKind baselinesKind() {
    return {"baselines", "Classical baselines",
            "Fits SVMs, trees, forests, regressions and neighbours to the samples that the network "
            "learns, and measures all of them on the same test set: is the network worth it?",
            baselinesParams(), [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
                return std::make_unique<BaselinesProcedure>(experiment);
            }};
}

} // namespace gradwright
