// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/data_amount/data_amount.h"

#include "engine/backend/compute_threads.h"
#include "engine/ensembles/member.h"
#include "engine/lab/baselines/method_trial.h"
#include "engine/lab/experiment.h"
#include "engine/lab/key_list.h"
#include "engine/lab/spread.h"
#include "engine/lab/train_trial.h"
#include "engine/metrics/quality.h"
#include "engine/support/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gradwright {
namespace {

constexpr const char* kNetworkKey = "network";

const ParamSpecs& dataAmountParams() {
    static const ParamSpecs params = {
        textParam("shares", "Shares", "1,2,5,10,20,50,100",
                  "Shares of the training samples in percent, with commas between them."),
        textParam("methods", "Compared with", "forest,knn",
                  "Classical methods with commas between them that learn the same samples; none: "
                  "the network alone."),
        intParam("repeats", "Seeds", 3, 1, 100,
                 "How often each share is drawn and learned, each time with another seed."),
        intParam("seed", "First seed", 1, 0, 9e15,
                 "Seed of the first training; each further one takes the next number, and so do "
                 "the samples that are drawn."),
        choiceParam("effort", "Training", "epochs",
                    {{"epochs", "Equal epochs", "A smaller share also takes fewer steps."},
                     {"steps", "Equal steps",
                      "A smaller share is gone through more often, so that all take as many "
                      "steps; takes as much longer."}},
                    "What all shares have in common."),
        boolParam("threads", "Threads", true,
                  "Also measures how fast the network trains on 1, 2, 4 … threads.")};
    return params;
}

double shareOf(const std::string& text) {
    double share = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
    if (error != std::errc{} || end != text.data() + text.size() || share <= 0 || share > 100)
        throw Error("a share of the samples must be above 0 and 100 percent at most, not \"{}\"",
                    text);
    return share / 100;
}

/// 1, 2, 4 … and all that the computer offers.
std::vector<int> threadCounts() {
    std::vector<int> counts;
    const int most = availableThreads();
    for (int count = 1; count < most; count *= 2)
        counts.push_back(count);
    counts.push_back(most);
    return counts;
}

double amountNumber(const Json& values, const char* key) {
    const auto found = values.find(key);
    return found != values.end() && found->is_number() ? found->get<double>() : std::nan("");
}

/// Trials go through the methods of a share, the shares, and then the seeds, so that a first curve
/// is whole before it gets a spread.
class DataAmount final : public Procedure {
public:
    explicit DataAmount(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(dataAmountParams(), experiment.settings);
        for (const auto& text : keyList(params.text("shares")))
            shares_.push_back(shareOf(text));
        if (shares_.empty())
            throw Error("give at least one share of the samples");
        if (!keyList(params.text("methods")).empty())
            methods_ = chosenMethods(project_, params.text("methods"));
        repeats_ = params.integer("repeats");
        seed_ = params.integer("seed");
        hasEqualSteps_ = params.text("effort") == "steps";
        if (params.boolean("threads"))
            threads_ = threadCounts();
    }

    [[nodiscard]] Plan plan() const override {
        const auto epochs = static_cast<double>(project_.training.epochs());
        double shares = 0;
        std::vector<std::string> percent;
        for (const auto share : shares_) {
            shares += hasEqualSteps_ ? 1 : share;
            percent.push_back(fmt::format("{:g}", share * 100));
        }
        Plan plan;
        plan.trials = trainings() + static_cast<std::int64_t>(threads_.size());
        plan.cost = 0;
        for (std::int64_t i = 0; i < plan.trials; ++i)
            plan.cost += trialAt(i).cost;
        plan.epochs =
            static_cast<double>(repeats_) * shares * epochs + static_cast<double>(threads_.size());
        plan.steps.push_back(
            fmt::format("Train on {} % of the training samples, {} times each, for {} at each "
                        "share, and measure on the test set.",
                        fmt::join(percent, ", "), repeats_,
                        hasEqualSteps_ ? "as many steps" : fmt::format("{} epochs", epochs)));
        std::vector<std::string> names;
        for (const auto& each : methods_)
            names.push_back(each.method->key);
        if (!names.empty())
            plan.steps.push_back(
                fmt::format("Fit {} to the same samples.", fmt::join(names, ", ")));
        if (!threads_.empty())
            plan.steps.push_back(fmt::format("Train an epoch on {} thread{}.",
                                             fmt::join(threads_, ", "),
                                             threads_.back() == 1 ? "" : "s"));
        return plan;
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        const auto number = static_cast<std::int64_t>(done.size());
        if (number >= trainings() + static_cast<std::int64_t>(threads_.size()))
            return {};
        return trialAt(number);
    }

    [[nodiscard]] TrialsAtATime trialsAtATime() const override {
        return threads_.empty() ? TrialsAtATime::Independent : TrialsAtATime::One;
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& /*done*/,
                            const TrialContext& context) override {
        auto project = project_;
        if (trial.settings.contains("threads"))
            return runThreads(std::move(project), trial.settings.at("threads").get<int>(), context);
        const auto seed = trial.settings.at("seed").get<std::int64_t>();
        const auto share = trial.settings.at("share").get<double>();
        project.training.params.insert_or_assign("seed", seed);
        project.data.splitSeed += static_cast<std::uint64_t>(seed - seed_);
        const auto data = openDataset(project.data);
        const auto all = indicesOf(data, project.data, DataPart::Training).size();
        const auto used = std::max<std::int64_t>(1, std::llround(share * static_cast<double>(all)));
        project.data.limit = used;
        const auto method = trial.settings.at("method").get<std::string>();
        Json values = {{"samples", used}};
        if (method != kNetworkKey) {
            const auto found = std::ranges::find_if(
                methods_, [&](const ChosenMethod& each) { return each.method->key == method; });
            const auto measured =
                measureMethod(project, *found, static_cast<std::uint64_t>(seed), context);
            if (!measured)
                return {};
            const auto said = outcomesJson(measured->baseline.outcomes, {});
            values["metric"] = said.at("metric");
            values["quality"] = said.at("quality");
            values["seconds"] = measured->baseline.fitSeconds;
            return values;
        }
        if (hasEqualSteps_)
            project.training.params.insert_or_assign(
                "epochs",
                std::max<std::int64_t>(
                    1, std::llround(static_cast<double>(project.training.epochs()) / share)));
        const auto training = trainTrial(project, context);
        if (!training)
            return {};
        dropWeights(training->run);
        if (!training->test)
            throw Error("the data have no test set to measure on");
        values["metric"] = training->test->quality.metric->key;
        values["quality"] = training->test->quality.value;
        values["seconds"] = training->seconds;
        return values;
    }

    [[nodiscard]] Report report(const TrialResults& done) const override;

private:
    [[nodiscard]] std::int64_t perShare() const {
        return static_cast<std::int64_t>(methods_.size()) + 1;
    }
    [[nodiscard]] std::int64_t perSeed() const {
        return perShare() * static_cast<std::int64_t>(shares_.size());
    }
    [[nodiscard]] std::int64_t trainings() const { return repeats_ * perSeed(); }

    [[nodiscard]] Trial trialAt(std::int64_t number) const {
        if (number >= trainings()) {
            const auto threads = threads_.at(static_cast<std::size_t>(number - trainings()));
            return {number,
                    fmt::format("{} thread{}", threads, threads == 1 ? "" : "s"),
                    {{"threads", threads}},
                    1.0 / static_cast<double>(project_.training.epochs())};
        }
        const auto seed = seed_ + number / perSeed();
        const auto share = shares_[static_cast<std::size_t>(number % perSeed() / perShare())];
        const auto which = number % perShare();
        const auto* const method =
            which == 0 ? nullptr : methods_[static_cast<std::size_t>(which - 1)].method;
        const double cost = hasEqualSteps_ && !method ? 1 : share;
        return {number,
                fmt::format("{:g} %, {}, seed {}", share * 100,
                            method ? method->title : std::string("network"), seed),
                {{"share", share}, {"method", method ? method->key : kNetworkKey}, {"seed", seed}},
                method ? cost / 5 : cost};
    }

    static std::optional<Json> runThreads(Project project, int threads,
                                          const TrialContext& context) {
        project.training.params.insert_or_assign("threads", std::int64_t{threads});
        project.training.params.insert_or_assign("epochs", std::int64_t{1});
        const auto training = trainTrial(project, context);
        if (!training)
            return {};
        dropWeights(training->run);
        return Json{{"samples_per_second", training->samplesPerSecond}};
    }

    Project project_;
    std::vector<double> shares_;
    std::vector<ChosenMethod> methods_;
    std::int64_t repeats_ = 1;
    std::int64_t seed_ = 1;
    bool hasEqualSteps_ = false;
    std::vector<int> threads_;
};

/// What one of them has reached at one share.
struct AmountPoint {
    double share = 0;
    std::int64_t samples = 0;
    std::vector<double> qualities, seconds;
};

struct AmountCurve {
    std::string key, title;
    std::vector<AmountPoint> points; ///< by share
};

Json curveJson(const AmountCurve& curve) {
    Json points = Json::array();
    for (const auto& point : curve.points) {
        const auto spread = spreadOf(point.qualities);
        points.push_back({{"share", point.share},
                          {"samples", point.samples},
                          {"mean", spread.mean},
                          {"deviation", spread.deviation},
                          {"count", spread.count},
                          {"seconds", spreadOf(point.seconds).mean}});
    }
    return {{"key", curve.key}, {"title", curve.title}, {"points", std::move(points)}};
}

std::string meanText(const MetricDef& judged, const std::vector<double>& values) {
    const auto spread = spreadOf(values);
    if (spread.count == 0)
        return "";
    return spread.count > 1 ? fmt::format("{} ± {}", valueText(judged, spread.mean),
                                          valueText(judged, spread.deviation))
                            : valueText(judged, spread.mean);
}

Report DataAmount::report(const TrialResults& done) const {
    Report report;
    report.title = "How much data: " + project_.name;
    std::vector<AmountCurve> curves = {{kNetworkKey, "Network", {}}};
    for (const auto& each : methods_)
        curves.push_back({each.method->key, each.method->title, {}});
    const MetricDef* judged = nullptr;
    std::vector<std::string> failures;
    Json threads = Json::array();
    ReportTable speeds{"Speed by threads", {"Threads", "Samples/s", "Against one thread"}, {}};
    for (const auto& result : done) {
        if (result.hasFailed()) {
            failures.push_back(result.trial.title + ": " + result.error);
            continue;
        }
        const auto& settings = result.trial.settings;
        if (settings.contains("threads")) {
            const auto speed = amountNumber(result.values, "samples_per_second");
            threads.push_back({{"threads", settings.at("threads")}, {"samples_per_second", speed}});
            speeds.rows.push_back(
                {settings.at("threads").dump(), fmt::format("{:.0f}", speed),
                 fmt::format("{:.2f}",
                             speed / threads.front().at("samples_per_second").get<double>())});
            continue;
        }
        judged = &metric(result.values.at("metric").get<std::string>());
        auto& points =
            std::ranges::find(curves, settings.at("method").get<std::string>(), &AmountCurve::key)
                ->points;
        const auto share = settings.at("share").get<double>();
        auto point = std::ranges::find(points, share, &AmountPoint::share);
        if (point == points.end())
            point = points.insert(std::ranges::lower_bound(points, share, {}, &AmountPoint::share),
                                  {share, result.values.at("samples").get<std::int64_t>(), {}, {}});
        point->qualities.push_back(amountNumber(result.values, "quality"));
        point->seconds.push_back(amountNumber(result.values, "seconds"));
    }
    ReportTable table{"On the test set", {"Share", "Samples"}, {}};
    for (const auto& curve : curves)
        table.columns.push_back(curve.title);
    auto sorted = shares_;
    std::ranges::sort(sorted);
    for (const auto share : sorted) {
        std::vector<std::string> row = {fmt::format("{:g} %", share * 100), ""};
        for (const auto& curve : curves) {
            const auto point = std::ranges::find(curve.points, share, &AmountPoint::share);
            if (point == curve.points.end()) {
                row.emplace_back();
                continue;
            }
            row[1] = std::to_string(point->samples);
            row.push_back(meanText(*judged, point->qualities));
        }
        if (!row[1].empty())
            table.rows.push_back(std::move(row));
    }
    // From which share on the network is ahead of all others.
    const auto& network = curves.front().points;
    std::optional<AmountPoint> ahead;
    for (auto point = network.rbegin(); judged && point != network.rend(); ++point) {
        const bool leads = std::ranges::all_of(curves.begin() + 1, curves.end(), [&](auto& curve) {
            const auto other = std::ranges::find(curve.points, point->share, &AmountPoint::share);
            return other == curve.points.end() ||
                   spreadOf(point->qualities).mean > spreadOf(other->qualities).mean;
        });
        if (!leads)
            break;
        ahead = *point;
    }
    if (!network.empty() && judged) {
        const auto& last = network.back();
        auto answer =
            fmt::format("With {} samples the network reaches {}, with {} it reaches {}",
                        network.front().samples, meanText(*judged, network.front().qualities),
                        last.samples, meanText(*judged, last.qualities));
        if (curves.size() > 1)
            answer += ahead ? fmt::format("; from {} samples on it is ahead of the others",
                                          ahead->samples)
                            : std::string("; it is not ahead of the others at any share");
        report.paragraphs.push_back(answer + ".");
        if (!hasEqualSteps_)
            report.paragraphs.emplace_back(
                "Each share is gone through equally often, so the network takes fewer steps on a "
                "smaller one; with equal steps it may reach more there.");
    }
    for (const auto& failure : failures)
        report.paragraphs.push_back(failure);
    Json list = Json::array();
    for (const auto& curve : curves)
        list.push_back(curveJson(curve));
    report.data = {{"curves", std::move(list)}, {"threads", std::move(threads)}};
    if (judged)
        report.data["metric"] = judged->key;
    report.tables.push_back(std::move(table));
    if (!speeds.rows.empty())
        report.tables.push_back(std::move(speeds));
    return report;
}

} // namespace

ExperimentKind dataAmountKind() {
    return {"data-amount", "How much data",
            "Trains the network and classical methods on growing shares of the training samples: "
            "how much more data would help, and from where on the network is worth it.",
            dataAmountParams(), [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
                return std::make_unique<DataAmount>(experiment);
            }};
}

} // namespace gradwright
