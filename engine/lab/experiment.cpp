// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/experiment.h"

#include "engine/backend/devices.h"
#include "engine/io/atomic_file.h"
#include "engine/io/json_lines.h"
#include "engine/io/run_directory.h"
#include "engine/lab/kinds.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/json_numbers.h"
#include "engine/support/version.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <map>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr auto kExperimentFormat = "gradwright experiment";

const Json& member(const Json& json, const char* key, std::string_view what) {
    const auto found = json.find(key);
    if (found == json.end())
        throw Error("{} lacks \"{}\"", what, key);
    return *found;
}

std::string textMember(const Json& json, const char* key, std::string_view what) {
    const auto& value = member(json, key, what);
    if (!value.is_string())
        throw Error("{}: \"{}\" must be a text, not {}", what, key, dumpExcerpt(value));
    return value.get<std::string>();
}

double numberMember(const Json& json, const char* key, std::string_view what) {
    const auto& value = member(json, key, what);
    if (!value.is_number())
        throw Error("{}: \"{}\" must be a number, not {}", what, key, dumpExcerpt(value));
    return value.get<double>();
}

Json planJson(const Plan& plan) {
    return {{"trials", plan.trials}, {"epochs", plan.epochs}, {"steps", plan.steps}};
}

Json experimentJsonOf(const Experiment& experiment, const Plan& plan) {
    Json json = {{"format", kExperimentFormat},
                 {"schema", kExperimentSchema},
                 {"kind", experiment.kind},
                 {"name", experiment.name},
                 {"settings", toJson(experiment.settings)},
                 {"plan", planJson(plan)},
                 {"versions",
                  {{"gradwright", kVersion},
                   {"device", backendFor(experiment.project.training.target())->device().name}}},
                 {"project", toJson(experiment.project)}};
    if (experiment.jobs > 1)
        json["jobs"] = experiment.jobs;
    if (!experiment.beside.empty())
        json["beside"] = experiment.beside;
    // With all that it leaves open, so that other defaults of a later version change nothing.
    for (const auto& spec : experimentKind(experiment.kind).params)
        if (!json["settings"].contains(spec.key))
            json["settings"][spec.key] = toJson(spec.defaultValue);
    for (const auto& [key, value] : experiment.extra.json().items())
        json[key] = value;
    return json;
}

/// The numbers of trials that ran when that trial began.
std::vector<std::int64_t> runningFrom(const Json& json, std::int64_t trial, std::string_view what) {
    const auto isEarlier = [&](const Json& number) {
        return number.is_number_integer() && number >= 0 && number < trial;
    };
    if (!json.is_array() || !std::ranges::all_of(json, isEarlier))
        throw Error("{} of trial {} must be a list of numbers of earlier trials, not {}", what,
                    trial, dumpExcerpt(json));
    return json.get<std::vector<std::int64_t>>();
}

/// The members that all lines on a trial have. Throws Error naming `what`.
Trial trialFrom(const Json& json, std::string_view what) {
    if (!json.is_object())
        throw Error("{}: a trial must be a JSON object, not {}", what, dumpExcerpt(json));
    Trial trial;
    const auto& number = member(json, "trial", what);
    if (!isInt64(number))
        throw Error("{}: \"trial\" must be a whole number, not {}", what, dumpExcerpt(number));
    trial.number = number.get<std::int64_t>();
    trial.title = textMember(json, "title", what);
    trial.settings = member(json, "settings", what);
    if (!trial.settings.is_object())
        throw Error("{}: \"settings\" must be a JSON object, not {}", what,
                    dumpExcerpt(trial.settings));
    trial.cost = numberMember(json, "cost", what);
    return trial;
}

fs::path unsavedLabRoot() {
    return userDataFolder() / "lab";
}

} // namespace

Experiment experimentFromJson(const Json& json) {
    constexpr auto what = "the experiment";
    if (!json.is_object())
        throw Error("an experiment must be a JSON object, not {}", dumpExcerpt(json));
    if (const auto format = textMember(json, "format", what); format != kExperimentFormat)
        throw Error("\"format\" must be \"{}\", not {}", kExperimentFormat, dumpExcerpt(format));
    const auto& schema = member(json, "schema", what);
    if (!isInt64(schema) || schema.get<std::int64_t>() < 1)
        throw Error("\"schema\" must be a whole number from 1 on, not {}", dumpExcerpt(schema));
    if (schema.get<std::int64_t>() > kExperimentSchema)
        throw Error("was written by a newer version (schema {}, this one reads up to {})",
                    schema.get<std::int64_t>(), kExperimentSchema);
    Experiment experiment;
    experiment.kind = textMember(json, "kind", what);
    const auto& kind = experimentKind(experiment.kind);
    experiment.name = textMember(json, "name", what);
    experiment.settings =
        paramsFromJson(member(json, "settings", what), kind.params, "the experiment's settings");
    for (const auto& problem : validate(kind.params, experiment.settings))
        throw Error("the experiment's settings: {}: {}", problem.param, problem.message);
    experiment.project = projectFromJson(member(json, "project", what));
    if (const auto jobs = json.find("jobs"); jobs != json.end()) {
        if (!jobs->is_number_integer() || *jobs < 1 || *jobs > kMostJobs)
            throw Error("\"jobs\" must be a whole number from 1 to {}, not {}", kMostJobs,
                        dumpExcerpt(*jobs));
        experiment.jobs = jobs->get<int>();
    }
    if (const auto beside = json.find("beside"); beside != json.end()) {
        if (!beside->is_array())
            throw Error("\"beside\" must be a list of lists, not {}", dumpExcerpt(*beside));
        for (const auto& running : *beside)
            experiment.beside.push_back(
                runningFrom(running, std::ssize(experiment.beside), "\"beside\""));
    }
    experiment.extra = UnknownKeys(json, {"format", "schema", "kind", "name", "settings", "plan",
                                          "versions", "project", "jobs", "beside"});
    return experiment;
}

void requireJobs(const Experiment& experiment, const Procedure& procedure, int jobs) {
    if (jobs < 1 || jobs > kMostJobs)
        throw Error("{} trials at a time: it must be a number from 1 to {}", jobs, kMostJobs);
    if (jobs == 1)
        return;
    if (procedure.trialsAtATime() == TrialsAtATime::One)
        throw Error("{} trials at a time: the trials of this experiment have to run one after the "
                    "other, since one depends on another or their speed is measured",
                    jobs);
    if (experiment.project.training.threads() == 0)
        throw Error(
            "{} trials at a time: say how many threads each training takes with the setting "
            "threads (--threads in the terminal), such as 1",
            jobs);
}

Experiment loadExperiment(const fs::path& file) {
    std::error_code none;
    const auto path = fs::is_directory(file, none) ? file / "experiment.json" : file;
    const auto json = parseJson(readTextFile(path), path.string());
    try {
        return experimentFromJson(json);
    } catch (const Error& error) {
        throw Error("{}: {}", path.string(), error.what());
    }
}

std::string_view nameOf(ExperimentState state) {
    switch (state) {
    case ExperimentState::Planned:
        return "planned";
    case ExperimentState::Running:
        return "running";
    case ExperimentState::Stopped:
        return "stopped";
    case ExperimentState::Finished:
        return "finished";
    }
    return "";
}

ExperimentDirectory ExperimentDirectory::create(const fs::path& parent,
                                                const Experiment& experiment, const Plan& plan,
                                                std::chrono::system_clock::time_point time) {
    std::error_code failure;
    fs::create_directories(parent, failure);
    if (failure)
        throw Error("{}: the folder for experiments cannot be made ({})", parent.string(),
                    failure.message());
    const auto json = experimentJsonOf(experiment, plan);
    const auto seconds = std::chrono::system_clock::to_time_t(time);
    const auto name =
        fmt::format("{:%Y-%m-%dT%H-%M-%S}-{}", fmt::gmtime(seconds), slugOf(experiment.kind));
    for (int attempt = 1; attempt < 1000; ++attempt) {
        auto path = parent / (attempt == 1 ? name : fmt::format("{}-{:03}", name, attempt));
        if (fs::create_directory(path, failure)) {
            ExperimentDirectory directory(std::move(path));
            writeFileAtomically(directory.experimentJson(), readableJson(json) + "\n");
            return directory;
        }
        if (failure && failure != std::errc::file_exists)
            throw Error("{}: the experiment's folder cannot be made ({})", path.string(),
                        failure.message());
    }
    throw Error("{}: holds too many experiments named {}", parent.string(), name);
}

ExperimentDirectory ExperimentDirectory::open(const fs::path& path) {
    std::error_code failure;
    auto folder = path.filename() == "experiment.json" ? path.parent_path() : path;
    if (folder.empty())
        folder = ".";
    if (!fs::exists(folder, failure))
        throw Error("{}: there is no such experiment", path.string());
    ExperimentDirectory directory(folder.has_filename() ? folder : folder.parent_path());
    for (const auto& file :
         {directory.experimentJson(), directory.trialsFile(), directory.begunFile(),
          directory.earlyFile(), directory.reportJson(), directory.reportMarkdown(),
          directory.path_ / "trials", directory.path_ / kLockName})
        if (fs::is_symlink(fs::symlink_status(file, failure)))
            throw Error("{}: is a symbolic link; the files of an experiment lie in its own folder",
                        file.string());
    if (!fs::is_regular_file(directory.experimentJson(), failure))
        throw Error("{}: is not an experiment (experiment.json is missing)", path.string());
    return directory;
}

std::vector<ExperimentDirectory> ExperimentDirectory::list(const fs::path& parent) {
    std::error_code failure;
    if (!fs::exists(parent, failure))
        return {};
    std::vector<ExperimentDirectory> found;
    fs::directory_iterator entry(parent, failure);
    for (const fs::directory_iterator end; !failure && entry != end; entry.increment(failure)) {
        if (entry->path().filename().string().starts_with('.'))
            continue;
        try {
            found.push_back(open(entry->path()));
        } catch (const Error&) {
            continue; // something else that lies among the experiments
        }
    }
    if (failure)
        throw Error("{}: the experiments cannot be listed ({})", parent.string(),
                    failure.message());
    std::ranges::sort(found, {}, &ExperimentDirectory::name);
    return found;
}

fs::path ExperimentDirectory::trialFolder(std::int64_t number) const {
    return path_ / "trials" / fmt::format("{:04}", number);
}

TrialResults ExperimentDirectory::results() const {
    std::error_code none;
    if (!fs::exists(trialsFile(), none))
        return {};
    TrialResults results;
    for (const auto& record : readJsonLines(trialsFile()).records) {
        const auto what = fmt::format("{}:{}", trialsFile().string(), results.size() + 1);
        auto result = trialResultFromJson(record, what);
        if (result.trial.number != static_cast<std::int64_t>(results.size()))
            throw Error("{}: is trial {}, where trial {} is due", what, result.trial.number,
                        results.size());
        results.push_back(std::move(result));
    }
    return results;
}

TrialResults ExperimentDirectory::earlyResults() const {
    std::error_code none;
    if (!fs::exists(earlyFile(), none))
        return {};
    const auto done = std::ssize(results());
    std::map<std::int64_t, TrialResult> found;
    std::size_t line = 0;
    for (const auto& record : readJsonLines(earlyFile()).records) {
        auto result =
            trialResultFromJson(record, fmt::format("{}:{}", earlyFile().string(), ++line));
        const auto number = result.trial.number;
        if (number >= done)
            found.insert_or_assign(number, std::move(result));
    }
    TrialResults results;
    for (auto& [number, result] : found)
        results.push_back(std::move(result));
    return results;
}

std::vector<BegunTrial> ExperimentDirectory::begun() const {
    std::error_code none;
    if (!fs::exists(begunFile(), none))
        return {};
    std::vector<BegunTrial> begun;
    for (const auto& record : readJsonLines(begunFile()).records) {
        const auto what = fmt::format("{}:{}", begunFile().string(), begun.size() + 1);
        auto trial = trialFrom(record, what);
        if (trial.number < 0 || (!begun.empty() && trial.number <= begun.back().trial.number))
            throw Error("{}: trial {} is out of its order", what, trial.number);
        auto running = runningFrom(member(record, "running", what), trial.number,
                                   fmt::format("{}: \"running\"", what));
        begun.push_back({std::move(trial), std::move(running)});
    }
    return begun;
}

std::vector<std::vector<std::int64_t>> ExperimentDirectory::beside() const {
    auto beside = read().beside;
    for (auto& each : begun()) {
        const auto number = static_cast<std::size_t>(each.trial.number);
        beside.resize(std::max(beside.size(), number + 1)); // others began alone
        beside[number] = std::move(each.running);
    }
    return beside;
}

ExperimentState ExperimentDirectory::state() const {
    std::error_code none;
    if (isLocked())
        return ExperimentState::Running;
    if (fs::exists(reportJson(), none))
        return ExperimentState::Finished;
    for (const auto& file : {trialsFile(), earlyFile()})
        if (const auto size = fs::file_size(file, none); !none && size > 0)
            return ExperimentState::Stopped;
    return ExperimentState::Planned;
}

void ExperimentDirectory::writeReport(const Report& report) const {
    writeFileAtomically(reportMarkdown(), toMarkdown(report));
    writeFileAtomically(reportJson(), readableJson(toJson(report)) + "\n");
}

void ExperimentDirectory::rename(std::string_view name) const {
    const auto first = name.find_first_not_of(" \t\n");
    if (first == std::string_view::npos)
        throw Error("{}: an experiment needs a name", path_.string());
    name = name.substr(first, name.find_last_not_of(" \t\n") + 1 - first);
    static_cast<void>(read()); // what is no experiment stays as it is
    auto json = parseJson(readTextFile(experimentJson()), "experiment.json");
    json["name"] = name;
    writeFileAtomically(experimentJson(), readableJson(json) + "\n");
}

Json toJson(const BegunTrial& begun) {
    return {{"trial", begun.trial.number},
            {"title", begun.trial.title},
            {"settings", begun.trial.settings},
            {"cost", begun.trial.cost},
            {"running", begun.running}};
}

Json toJson(const TrialResult& result) {
    Json json = {{"trial", result.trial.number},
                 {"title", result.trial.title},
                 {"settings", result.trial.settings},
                 {"cost", result.trial.cost},
                 {"seconds", result.seconds}};
    if (result.hasFailed())
        json["error"] = result.error;
    else
        json["values"] = result.values;
    return json;
}

TrialResult trialResultFromJson(const Json& json, std::string_view what) {
    TrialResult result;
    result.trial = trialFrom(json, what);
    result.seconds = numberMember(json, "seconds", what);
    if (json.contains("error"))
        result.error = textMember(json, "error", what);
    else
        result.values = member(json, "values", what);
    if (!result.values.is_object())
        throw Error("{}: \"values\" must be a JSON object, not {}", what,
                    dumpExcerpt(result.values));
    return result;
}

fs::path labFolder(const Project& project, const std::optional<fs::path>& file) {
    if (file) {
        auto folder = *file;
        return folder.replace_extension(".lab");
    }
    return unsavedLabRoot() / (slugOf(project.name) + "-" + slugOf(project.uuid));
}

std::vector<ExperimentDirectory> experimentsOf(const Project& project,
                                               const std::optional<fs::path>& file) {
    std::vector<ExperimentDirectory> found;
    if (file)
        found = ExperimentDirectory::list(labFolder(project, file));
    // By the UUID: the project may have had another name.
    const auto ending = fmt::format("-{}", slugOf(project.uuid));
    std::error_code none; // a folder that cannot be read has nothing to offer
    for (const auto& entry : fs::directory_iterator(unsavedLabRoot(), none))
        if (!project.uuid.empty() && entry.path().filename().string().ends_with(ending))
            for (auto& directory : ExperimentDirectory::list(entry.path()))
                found.push_back(std::move(directory));
    std::ranges::sort(found, {}, &ExperimentDirectory::name);
    return found;
}

} // namespace gradwright
