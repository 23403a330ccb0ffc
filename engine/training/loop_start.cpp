// SPDX-License-Identifier: GPL-3.0-or-later
//
// How a run begins: what it opens, compiles and resumes from.
#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"
#include "engine/data/data_info_json.h"
#include "engine/support/byte_text.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/rng.h"
#include "engine/support/version.h"
#include "engine/training/batch_advice.h"
#include "engine/training/device_memory.h"
#include "engine/training/feeds.h"
#include "engine/training/loop.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/run_interrupted.h"
#include "engine/training/run_record.h"
#include "engine/training/start_weights.h"
#include "engine/training/value_ranges.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

RunDirectory openRun(const TrainingJob& job) {
    if (!job.resume.empty())
        return RunDirectory::open(job.resume);
    return RunDirectory::create(job.runsFolder, job.name);
}

/// The files of a run are read as they were when it began.
Dataset dataOf(const TrainingJob& job) {
    auto choice = job.data;
    if (job.resume.empty())
        return openDataset(choice);
    const auto record = RunDirectory::open(job.resume).readRunJson();
    choice.asBefore = !record.contains(kDataNotes);
    const auto info = record.find("data");
    return info == record.end() ? openDataset(choice)
                                : openDataset(choice, dataInfoFromJson(*info).reading);
}

/// Throws Error where a training for integers has no weights to begin with.
TrainingGraph graphOf(const TrainingJob& job, const DataInfo& data) {
    if (job.settings.trainedIntegers() != TrainedIntegers::None && job.resume.empty() &&
        job.startWeights.empty())
        throw Error("training for integers continues a network that has been trained: begin with "
                    "the weights of a run (\"Use as a starting point\" in the menu of a run, train "
                    "--from RUN in the terminal)");
    return trainingGraph(job.network, data, job.settings);
}

/// What the network answers, on the weights of the training: with those that it alone has behind.
OpGraph answersOf(const TrainingJob& job, const DataInfo& data, const OpGraph& training) {
    auto graph = inferenceGraph(job.network, data, job.settings);
    for (auto i = graph.weights().size(); i < training.weights().size(); ++i)
        graph.addWeight(training.weights()[i]);
    return graph;
}

/// The samples of a batch that a rank computes, if all come together.
std::int64_t largestShare(const TrainingJob& job, std::int64_t batch) {
    return job.ranks ? shareOf(batch, {0, job.ranks->size()}).count : batch;
}

RankOf rankOf(const TrainingJob& job) {
    return job.ranks ? RankOf{job.ranks->rank(), job.ranks->size()} : RankOf{};
}

/// A run is resumed as it began, unless the settings say otherwise or it was on another kind of
/// device.
ComputePlan chosenPlan(const TrainingJob& job, const OpGraph& graph) {
    if (!job.resume.empty()) {
        const auto record = RunDirectory::open(job.resume).readRunJson();
        const auto machine = record.value("machine", Json::object());
        const auto plan = computePlanFromJson(machine);
        if (plan && wasOnGpu(machine) == job.settings.target().isGpu())
            return planForResuming(*plan, job.settings);
    }
    auto own = job.settings;
    own.params.insert_or_assign("batch", largestShare(job, job.settings.batch()));
    return planFor(graph, own);
}

std::size_t keptSamples(const Split& split) {
    return split.training.size() + split.validation.size();
}

/// The front of frozen layers, where what it makes of a sample is the same in each epoch and may be
/// kept. FP64 has more digits than what is kept.
std::optional<FrozenPart> keptFront(const TrainingJob& job, const TrainingGraph& training,
                                    const Dataset& data, const Split& split) {
    if (job.ranks || job.settings.featureCacheBytes() == 0 ||
        job.settings.precision() == Precision::F64 ||
        augmenterOf(job.data, data.info, job.settings.seed()))
        return {};
    auto part = cutFrozen(training);
    if (part && FeatureSource::bytesFor(keptSamples(split), part->features) >
                    job.settings.featureCacheBytes())
        part.reset();
    return part;
}

/// Compiles before a run folder is made, so that a network that cannot run leaves none behind.
/// `whole` is the graph that `graph` is the part behind a cut of, or itself.
ProgramCache compiled(const TrainingJob& job, const Split& split, const OpGraph& graph,
                      const OpGraph& whole, const ComputePlan& plan,
                      const std::shared_ptr<const Backend>& backend, CompileOptions options) {
    options.sharesStatistics = job.ranks && job.sharesStatistics;
    const auto& rule = *options.update;
    const auto samples = static_cast<std::int64_t>(split.training.size());
    requireDeviceMemory(*backend, graph, options, samples);
    if (const StepGroups groups(job.settings, samples);
        rule.fullBatch && groups.stepsPerEpoch() > 1)
        throw Error(
            "{} needs the whole training set in each {}: the batch size must be at "
            "least {}, not {}",
            optimizer(rule.key).title, job.settings.accumulatedBatches() > 1 ? "step" : "batch",
            (samples + job.settings.accumulatedBatches() - 1) / job.settings.accumulatedBatches(),
            job.settings.batch());
    setComputeThreads(plan.threads);
    ProgramCache programs(backend, graph, options);
    // The largest share first, on all ranks: the first program chooses the weights' layouts.
    const auto batch = largestShare(job, std::min(job.settings.batch(), samples));
    if (&whole != &graph) { // so that weights in front of the cut get layouts that suit them
        ProgramCache all(backend, whole, options);
        all.get(batch, Mode::Inference);
        programs.adopt(all.weights());
    }
    programs.get(batch, Mode::Training);
    return programs;
}

/// Ranges of rounded values are found anew, so that a file need not have them.
StartWeights withoutRanges(StartWeights start) {
    std::erase_if(start.fresh, [](const std::string& key) {
        return key.ends_with(kScaleOfValue) || key.ends_with(kZeroOfValue);
    });
    return start;
}

/// Settings that the ranks must have in common: threads are each one's own.
Json settingsAmongRanks(TrainingSettings settings) {
    for (const auto* const own : {"threads", "where", "processes"})
        settings.params.erase(own);
    return toJson(settings);
}

/// What the graph computes, op by op.
std::string networkPrint(const OpGraph& graph) {
    std::string text;
    for (const auto& op : graph.ops())
        text += fmt::format("{} {} {}\n", op.path, nameOf(op.attributes),
                            toString(graph.type(op.output()).sample()));
    for (const auto& weight : graph.weights())
        text += fmt::format("{} {} {}\n", weight.key, toString(weight.shape), weight.rateFactor);
    return text;
}

/// What decides about the layouts of weights: all but how many threads the processor has.
std::string withoutThreads(const std::string& detail) {
    return detail.substr(0, std::min(detail.size(), detail.rfind(',')));
}

std::string adviceAfterLosingRank(std::int64_t saved) {
    return fmt::format("The run is saved up to step {}: resume it, in as many processes as there "
                       "are then.",
                       saved);
}

/// What is learned from the data (means, categories, vocabulary) must be what the run began with.
void requireSameData(const RunDirectory& directory, const DataInfo& info) {
    const auto record = directory.readRunJson();
    const auto noted = record.find("data");
    if (noted == record.end())
        return;
    auto before = dataInfoFromJson(*noted);
    const bool isFedAlike = feedsAlike(before, info);
    before.assignment = info.assignment;
    before.reading = info.reading; // another notation of the same values
    if (before != info || !isFedAlike)
        throw Error("{}: the data have changed since the run began; it can be resumed with the "
                    "same data only",
                    directory.path().string());
}

} // namespace

TrainingLoop::TrainingLoop(const TrainingJob& job, TrainingCommands& commands, TrainingSink sink,
                           const std::shared_ptr<const Backend>& gpu, const std::stop_token& stop)
    : job_(job)
    , giveUp_(job.keepsWhenStopped || job.ranks ? std::stop_token() : stop)
    , commands_(commands)
    , sink_(std::move(sink))
    , data_(dataOf(job))
    , split_(splitOf(data_, job.data))
    , whole_(graphOf(job, data_.info))
    , frozen_(keptFront(job, whole_, data_, split_))
    , features_(frozen_ ? std::make_shared<FeatureSource>(data_.training, frozen_->features)
                        : nullptr)
    , training_(frozen_ ? frozen_->back : whole_)
    , trainingSource_(features_ ? features_ : data_.training)
    , schedule_(schedule(job.settings.schedule.key))
    , rule_(job.settings.updateRule())
    , plan_(chosenPlan(job, training_.graph))
    , backend_(gpu && job.settings.target().isGpu() ? gpu : trainingBackend(job.settings, plan_))
    , programs_(
          compiled(job, split_, training_.graph, whole_.graph, plan_, backend_, compileOptions()))
    , batcher_(trainingSource_, split_.training, job.settings.batch(), job.settings.seed(),
               augmenterOf(job.data, data_.info, job.settings.seed()), rankOf(job))
    , groups_(job.settings, static_cast<std::int64_t>(split_.training.size()))
    , directory_(openRun(job))
    , lock_(directory_.lock())
    , metrics_(directory_, !job.resume.empty(), groups_.stepsPerEpoch(), *training_.metric,
               job.settings.tensorBoard())
    , health_(training_.graph, job.settings)
    , probe_(backend_, activityGraph(answersOf(job, data_.info, whole_.graph)), compileOptions(),
             data_.training, split_.training)
    , beside_(overlaps(job) ? std::make_unique<ExchangeThread>() : nullptr)
    , started_(Speedometer::Clock::now())
    , lastCheckpoint_(started_) {
    if (!job.trace.empty())
        trace_.emplace();
}

TrainingLoop::~TrainingLoop() = default;

CompileOptions TrainingLoop::compileOptions() const {
    auto options = trainingOptions(job_.settings);
    options.stop = giveUp_;
    return options;
}

bool TrainingLoop::computeFeatures(const std::stop_token& stop) {
    if (!features_)
        return true;
    auto samples = split_.training;
    samples.insert(samples.end(), split_.validation.begin(), split_.validation.end());
    ProgramCache front(backend_, frozen_->front, compileOptions());
    front.adopt(programs_.weights());
    return gradwright::computeFeatures(*features_, front, frozen_->input, data_.training,
                                       std::move(samples), stop);
}

void TrainingLoop::greetRanks(const std::stop_token& stop) {
    if (!job_.ranks)
        return;
    constexpr auto untilAllHaveOpenedTheirData = std::chrono::minutes(10);
    job_.ranks->setPatience(untilAllHaveOpenedTheirData, stop);
    const auto device = backend_->device();
    places_ =
        greet(*job_.ranks, {{"version of the program", kVersion},
                            {"kind of processor", withoutThreads(device.detail)},
                            {"number of batch parts", std::to_string(plan_.parts)},
                            {"training settings", settingsAmongRanks(job_.settings).dump()},
                            {"network", networkPrint(training_.graph)},
                            {"gradients that travel together", std::to_string(job_.bucketBytes)},
                            {"training samples", std::to_string(split_.training.size())},
                            {"validation samples", std::to_string(split_.validation.size())},
                            {"test samples", std::to_string(data_.test->size())},
                            {"data", toJson(data_.info).dump()},
                            {"steps to resume from",
                             job_.resume.empty()
                                 ? "0"
                                 : std::to_string(stepsOfCheckpoint(directory_.lastWeights()))}});
    job_.ranks->setPatience(job_.rankPatience, stop);
}

void TrainingLoop::endWithout(const RankLost& lost) {
    const auto place =
        static_cast<std::size_t>(lost.rank()) < places_.size()
            ? fmt::format(" It is {}.",
                          toString(lost.rank(), places_[static_cast<std::size_t>(lost.rank())]))
            : std::string();
    if (!lost.isWithinStep)
        writeCheckpointFile();
    noteRanks();
    throw RunInterrupted("{}{} {}", lost.what(), place,
                         adviceAfterLosingRank(stepsOfCheckpoint(directory_.lastWeights())));
}

void TrainingLoop::noteRanks() {
    recordRanks(directory_, job_, places_, beside_ && sums_.sums() > 1);
}

void TrainingLoop::noteSettings() {
    if (auto note = lastBatchNote(analyze(job_.network), job_.settings, split_.training.size());
        !note.empty())
        data_.notes.push_back(std::move(note));
    if (job_.rateScaling)
        data_.notes.push_back(toString(*job_.rateScaling));
    if (job_.ranks && job_.overlapsSums && !overlaps(job_))
        data_.notes.push_back(
            job_.sharesStatistics
                ? "gradients are summed after the backward pass, in which statistics travel"
                : "gradients are summed after the backward pass: this MPI lets a single thread "
                  "use it");
    if (job_.settings.earlyStopping() && split_.validation.empty())
        data_.notes.push_back("nothing is held back for validation, so early stopping never ends "
                              "the training");
}

bool TrainingLoop::findRanges(const std::stop_token& stop) {
    auto samples = split_.training;
    shuffle(samples, Rng(job_.settings.seed(), RngStream::Shuffle));
    const auto found = findRoundedRanges(whole_, backend_, compileOptions(), programs_,
                                         data_.training, std::move(samples), ownStop(stop));
    if (found && *found > 0)
        data_.notes.push_back(
            fmt::format("{} are rounded to integers in the ranges that they have now",
                        counted(static_cast<std::int64_t>(*found), "value")));
    return found.has_value();
}

bool TrainingLoop::startRun(const std::stop_token& stop) {
    greetRanks(stop);
    noteSettings();
    auto& store = *programs_.weights();
    if (job_.resume.empty()) {
        initializeWeights(store, job_.settings.seed(), giveUp_);
        if (!job_.startWeights.empty())
            data_.notes.push_back(
                noteOf(withoutRanges(takeStartWeights(job_.startWeights, store))));
        if (!findRanges(stop))
            return false;
        health_.begin(
            probe_.measure(programs_.weights(), ownStop(stop)).value_or(std::vector<Activity>{}));
        // The record last: with it the folder is a run, which must be ready to be resumed.
        writeCheckpointFile();
        writeRunRecord(directory_, job_, data_, plan_, backend_->device());
    } else {
        requireSameData(directory_, data_.info);
        position_ = readCheckpoint(directory_.lastWeights(), store, *training_.metric, rule_);
        if (job_.resumeRate)
            takeRate(*job_.resumeRate);
        earlierSeconds_ = loggedSeconds(directory_, position_.step);
        health_.restore(directory_.readRunJson().value("health", Json()));
        updateRunRecord(directory_, job_, plan_, backend_->device());
        // More epochs may be asked for than when it finished; patience then begins anew.
        if (position_.finished && position_.epoch < job_.settings.epochs()) {
            position_.finished = false;
            if (outOfPatience())
                position_.epochsWithoutGain = 0;
        }
    }
    if (frozen_)
        data_.notes.push_back(fmt::format(
            "what the frozen layers make of {} samples ({} each) is computed once and kept in {}",
            keptSamples(split_), toString(frozen_->features),
            bytesText(static_cast<std::int64_t>(
                FeatureSource::bytesFor(keptSamples(split_), frozen_->features)))));
    noteRanks();
    if (plan_.parts > 1)
        governor_.emplace(computePool());
    else if (plan_.threads > 1 && !job_.settings.target().isGpu())
        governor_.emplace(team_.emplace());
    RunStarted event{directory_.path(),
                     job_.settings.epochs(),
                     groups_.stepsPerEpoch(),
                     position_.step,
                     plan_.threads,
                     plan_.parts,
                     {},
                     training_.metric,
                     {},
                     data_.notes,
                     scheduledRate(),
                     chosenRate()};
    for (const auto& spec : training_.graph.weights())
        if (spec.learns())
            event.weights.push_back(spec.key);
    if (job_.settings.target().isGpu())
        event.gpu = backend_->device().name;
    sink_(event);
    if (!health_.alarms().empty()) // those of the run that is resumed
        sink_(HealthChanged{position_.step, health_.alarms()});
    return computeFeatures(stop);
}

} // namespace gradwright
