// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/run_history.h"

#include "engine/graph/lower.h"
#include "engine/io/json_lines.h"
#include "engine/metrics/quality_json.h"
#include "engine/project/run_label.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/json_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace gradwright {
namespace {

/// NaN where there is no number, as a loss that overflowed is written.
double number(const Json& record, const char* key) {
    const auto found = record.find(key);
    return found != record.end() && found->is_number() ? found->get<double>()
                                                       : std::numeric_limits<double>::quiet_NaN();
}

/// A NaN where there is none.
Quality qualityOf(const Json& record, std::string_view prefix) {
    Quality none;
    none.value = std::numeric_limits<double>::quiet_NaN();
    return qualityIn(record, prefix).value_or(none);
}

RunHistory::Step stepOf(const Json& record) {
    RunHistory::Step step;
    step.step = record["step"].get<std::int64_t>();
    step.epoch = number(record, "epoch");
    step.loss = number(record, "loss");
    step.quality = qualityOf(record, {});
    step.learningRate = number(record, "learning_rate");
    step.seconds = number(record, "seconds");
    const auto norms = record.find("gradient_norms");
    if (norms != record.end() && norms->is_array())
        for (const auto& norm : *norms)
            step.gradientNorms.push_back(norm.is_number() ? norm.get<double>() : 0);
    return step;
}

RunHistory::Epoch epochOf(const Json& record) {
    const bool validated = record.contains("validation_loss");
    const auto best = record.find("best");
    return {static_cast<std::int64_t>(number(record, "epoch")),
            number(record, validated ? "validation_loss" : "epoch_loss"),
            qualityOf(record, validated ? "validation_" : "epoch_"), validated,
            best != record.end() && best->is_boolean() && best->get<bool>()};
}

/// What a person has written of the run; a file that cannot be read takes nothing away.
void readLabel(const RunDirectory& run, RunHistory& history) {
    try {
        auto label = labelOf(run);
        history.note = std::move(label.note);
        history.isNamed = !label.name.empty();
        if (history.isNamed)
            history.name = std::move(label.name);
    } catch (const std::exception&) {
        history.isNamed = false;
    }
}

void readResult(const Json& record, RunHistory& history) {
    const auto result = record.find("result");
    history.finished = result != record.end();
    if (!history.finished || !result->is_object())
        return;
    history.test = qualityIn(*result, "test_");
    history.seconds = number(*result, "seconds");
    if (const auto after = number(*result, "stopped_after"); after > 0)
        history.stoppedAfter = static_cast<std::int64_t>(after);
}

} // namespace

bool RunHistory::endedEarly() const {
    return finished && !epochs.empty() && epochs.back().epoch < totalEpochs;
}

double RunHistory::secondsAt(std::int64_t step) const {
    double found = 0;
    for (const auto& each : steps)
        if (each.step <= step && std::isfinite(each.seconds))
            found = each.seconds;
    return found;
}

const RunHistory::Epoch* RunHistory::best() const {
    const auto found =
        std::find_if(epochs.rbegin(), epochs.rend(), [](const Epoch& epoch) { return epoch.best; });
    return found == epochs.rend() ? nullptr : &*found;
}

std::int64_t RunHistory::totalSteps() const {
    if (steps.empty() || !(steps.back().epoch > 0))
        return 0;
    return std::llround(static_cast<double>(steps.back().step) / steps.back().epoch *
                        static_cast<double>(totalEpochs));
}

RunHistory readHistory(const RunDirectory& run) {
    RunHistory history;
    history.folder = run.path();
    const auto record = run.readRunJson();
    const auto name = record.find("name");
    history.name =
        name != record.end() && name->is_string() ? name->get<std::string>() : run.name();
    const auto project = projectOfRun(run);
    history.optimizer = project.training.optimizer.key;
    history.training = project.training;
    history.learningRate = history.lastRate = project.training.learningRate();
    history.totalEpochs = project.training.epochs();
    const auto graph = lower(project.network);
    for (const auto& spec : graph.weights())
        if (spec.learns())
            history.weights.push_back(spec.key);
    readLabel(run, history);
    readResult(record, history);
    history.alarms = alarmsOfRecord(record);
    history.resumable =
        !history.finished && std::filesystem::exists(run.lastWeights()) && !run.isLocked();
    if (!std::filesystem::exists(run.metrics()))
        return history;
    std::map<std::int64_t, RunHistory::Step> steps;
    std::map<std::int64_t, RunHistory::Epoch> epochs;
    std::map<std::int64_t, RunHistory::RateChange> rateChanges;
    for (const auto& line : readJsonLines(run.metrics()).records) {
        if (!line.is_object() || !line.contains("step") || !isInt64(line["step"]))
            continue;
        if (line.contains("loss")) {
            auto step = stepOf(line);
            history.metric = step.quality.metric;
            steps.insert_or_assign(step.step, std::move(step));
        } else if (line.contains("epoch_loss") && line.contains("epoch")) {
            const auto epoch = epochOf(line);
            epochs.insert_or_assign(epoch.epoch, epoch);
        } else if (line.contains("learning_rate_set")) {
            const auto step = line["step"].get<std::int64_t>();
            history.lastRate = number(line, "learning_rate_set");
            rateChanges.insert_or_assign(
                step,
                RunHistory::RateChange{step, number(line, "epoch"), number(line, "learning_rate")});
        }
    }
    for (auto& [key, step] : steps)
        history.steps.push_back(std::move(step));
    for (const auto& [key, epoch] : epochs)
        history.epochs.push_back(epoch);
    for (const auto& [key, change] : rateChanges)
        history.rateChanges.push_back(change);
    if (!history.finished && !history.steps.empty())
        history.seconds = history.steps.back().seconds;
    return history;
}

std::vector<RunHistory> readRuns(const std::vector<std::filesystem::path>& folders) {
    std::vector<RunHistory> histories;
    for (const auto& folder : folders)
        for (const auto& run : RunDirectory::list(folder)) {
            try {
                histories.push_back(readHistory(run));
            } catch (const std::exception&) {
                // A broken run must not hide the others; opening it says what is wrong.
            }
        }
    // A run's name begins with its time.
    std::ranges::stable_sort(histories, std::greater{},
                             [](const RunHistory& run) { return run.folder.filename(); });
    return histories;
}

} // namespace gradwright
