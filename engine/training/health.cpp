// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/health.h"

#include "engine/support/json.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();
constexpr double kStandardErrors = 3;
constexpr double kLeastR2 = 0.01;
/// A layer's gradient is as good as gone at this share of what it was at the start.
constexpr double kGone = 1e-6;
constexpr double kMuchTooHigh = 3; ///< times the optimizer's usual rate
constexpr double kLowerBy = 3;     ///< what a rate is divided by that is not far from usual
constexpr double kClipTo = 1;      ///< Pascanu et al. 2013
constexpr double kFirstPenalty = 1e-4;
constexpr double kRare = 1.5;         ///< classes are uneven where one has so many times its share
constexpr double kFloor = 0.02;       ///< of the first loss: smaller rises are noise
constexpr double kFalling = 0.95;     ///< of the loss when nothing was learned first
constexpr double kStill = 0.01;       ///< of the loss: less is no change
constexpr double kNearStart = 0.9;    ///< of the first loss, which one batch has
constexpr std::int64_t kFewUnits = 4; ///< of so few, all may be 0 by chance

bool saturates(ActivationKind kind) {
    return kind == ActivationKind::Sigmoid || kind == ActivationKind::Tanh ||
           kind == ActivationKind::HardSigmoid || kind == ActivationKind::HardTanh ||
           kind == ActivationKind::Softsign;
}

bool isByHand(const Initializer& initializer) {
    const auto& key = initializer.key;
    return key == "uniform" || key == "normal" || key == "truncated-normal" || key == "constant";
}

/// Whether it is a cause of having learned nothing.
bool isCauseOfNothing(AlarmKind kind) {
    return kind == AlarmKind::RateTooHigh || kind == AlarmKind::VanishingGradients ||
           kind == AlarmKind::ClassCollapse || kind == AlarmKind::StuckLoss;
}

double norm(const std::vector<double>& parts) {
    return std::sqrt(std::inner_product(parts.begin(), parts.end(), parts.begin(), 0.0));
}

double medianOf(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

std::int64_t sumOf(const std::vector<std::int64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

/// The share that always answering the most frequent class gets right.
double majorityShare(const std::vector<std::int64_t>& labels) {
    const auto sum = sumOf(labels);
    return sum > 0 ? static_cast<double>(std::ranges::max(labels)) / static_cast<double>(sum) : 1;
}

/// What a constant answer may reach by chance.
double chanceLimit(const Score& score, const std::vector<std::int64_t>& labels) {
    if (score.quality.metric->kind == MetricKind::Values)
        return kLeastR2;
    const double share = majorityShare(labels);
    const double deviation = std::sqrt(
        share * (1 - share) / static_cast<double>(std::max<std::int64_t>(1, score.samples)));
    return share + kStandardErrors * deviation;
}

/// Inverse to the counts, 1 on average over the samples (King, Zeng 2001).
std::string classWeights(const std::vector<std::int64_t>& labels) {
    std::string text;
    for (const auto count : labels)
        text += fmt::format("{}{:.3g}", text.empty() ? "" : ", ",
                            static_cast<double>(sumOf(labels)) /
                                (static_cast<double>(labels.size()) *
                                 static_cast<double>(std::max<std::int64_t>(1, count))));
    return text;
}

} // namespace

HealthMonitor::HealthMonitor(const OpGraph& training, const TrainingSettings& settings)
    : settings_(settings)
    , usualRate_(optimizer(settings.optimizer.key).defaultLearningRate) {
    const auto& params = loss(settings.objectives.front().loss.key).params;
    canWeighClasses_ = std::ranges::find(params, "class_weights", &ParamSpec::key) != params.end();
    for (const auto& op : training.ops())
        if (const auto* made = std::get_if<ActivationOp>(&op.attributes))
            saturates_ = saturates_ || saturates(made->activation.kind);
    for (const auto& spec : training.weights()) {
        if (!spec.learns())
            continue;
        const bool isKernel = spec.shape.rank() > 1;
        weights_.push_back({spec.key, spec.key.substr(0, spec.key.rfind('/')),
                            static_cast<double>(spec.shape.elements()), isKernel});
        isInitializedByHand_ = isInitializedByHand_ || (isKernel && isByHand(spec.initializer));
    }
}

void HealthMonitor::begin(std::vector<Activity> activity) {
    firstActivity_ = activity;
    lastActivity_ = std::move(activity);
}

void HealthMonitor::addStep(double loss, const std::vector<double>* gradientNorms) {
    if (!firstLoss_) {
        firstLoss_ = loss;
        if (gradientNorms)
            firstNorms_ = *gradientNorms;
    }
    peak_ = std::max(peak_, loss);
    if (gradientNorms)
        norms_.push_back(*gradientNorms);
}

void HealthMonitor::summarizeGradients() {
    typical_.clear();
    largest_ = 0;
    for (const auto& norms : norms_)
        largest_ = std::max(largest_, norm(norms));
    for (std::size_t i = 0; i < weights_.size() && !norms_.empty(); ++i) {
        std::vector<double> course;
        for (const auto& norms : norms_)
            course.push_back(norms[i]);
        typical_.push_back(medianOf(std::move(course)));
    }
    norms_.clear();
}

bool HealthMonitor::endEpoch(const EpochFacts& facts) {
    summarizeGradients();
    auto found = findings(facts);
    lastActivity_ = facts.activity;
    if (!firstEpochLoss_)
        firstEpochLoss_ = facts.training.loss;
    if (!bestTraining_ || facts.training.loss < *bestTraining_)
        bestTraining_ = facts.training.loss;
    return update(std::move(found), facts.epoch, facts.step);
}

std::vector<HealthMonitor::Finding> HealthMonitor::findings(const EpochFacts& facts) {
    const bool isAtChance = hasLearnedNothing(facts);
    const bool idle = isAtChance || hasNotMoved(facts);
    if (!idle || isFalling(facts)) {
        idleEpochs_ = 0;
        idleSince_ = facts.step;
        idleLoss_ = facts.training.loss;
        idleCause_.reset();
    } else if (idleEpochs_++ == 0 && !idleLoss_) {
        idleLoss_ = facts.training.loss;
    }
    const auto rise = raised(facts, idle);
    if (auto finding = exploding())
        return {*std::move(finding)};
    if (rise)
        return {*rise};
    auto silent = dead(facts);
    const bool died =
        std::ranges::any_of(silent, [&](const Finding& each) { return !wasBornDead(each.path); });
    if (!silent.empty() && !(isAtChance && died))
        return silent;
    const auto steps = facts.step - idleSince_;
    const bool isLong = (idleEpochs_ >= kIdleEpochs && steps >= kIdleSteps) ||
                        steps >= kIdleStepsAlone || (isAtChance && died);
    if (idle && isLong && !idleCause_)
        idleCause_ = explained(facts);
    if (idleCause_)
        return {*idleCause_};
    if (auto finding = overfitted(facts); finding && !idle)
        return {*std::move(finding)};
    return {};
}

bool HealthMonitor::hasLearnedNothing(const EpochFacts& facts) const {
    const auto isChance = [&](const Score& score) {
        return !(score.quality.value > chanceLimit(score, facts.labels));
    };
    return isChance(facts.training) && (!facts.validation || isChance(*facts.validation));
}

bool HealthMonitor::isFalling(const EpochFacts& facts) const {
    return !idleCause_ && facts.training.loss < kFalling * idleLoss_.value_or(kNotKnown);
}

bool HealthMonitor::hasNotMoved(const EpochFacts& facts) const {
    const double loss = facts.training.loss;
    return firstEpochLoss_ && std::abs(loss - *firstEpochLoss_) < kStill * *firstEpochLoss_ &&
           loss > kNearStart * firstLoss_.value_or(kNotKnown);
}

std::optional<HealthMonitor::Finding> HealthMonitor::exploding() const {
    const bool fromStart = norm(firstNorms_) > kExploding;
    if (largest_ <= kExploding || (!fromStart && peak_ > kRaised * firstLoss_.value_or(kNotKnown)))
        return {};
    Finding finding{AlarmKind::ExplodingGradients, {}, largest_, kExploding};
    finding.remedy = {RemedyKind::ClipGradients, kClipTo};
    if (fromStart && isInitializedByHand_)
        finding.remedy = {RemedyKind::Initialize};
    finding.cause = fmt::format(
        "The gradient's norm reached {:.3g}; {}.", largest_,
        fromStart ? "it was that large before the first step, so the initial weights are too wide"
                  : "single batches throw the weights far off");
    return finding;
}

std::optional<HealthMonitor::Finding> HealthMonitor::raised(const EpochFacts& facts, bool idle) {
    const double loss = facts.training.loss;
    const double first = firstLoss_.value_or(kNotKnown);
    const bool isValues = facts.training.quality.metric->kind == MetricKind::Values;
    // R² below -2: three times the error of always answering the mean.
    const bool isFarUp = isValues ? facts.training.quality.value < -kRaised
                                  : loss > (idle ? kRaised : kRaised + 1) * first;
    const double best = bestTraining_.value_or(kNotKnown);
    const bool isRelapse = loss > kRelapse * best && loss - best > kRelapseShare * first;
    relapsed_ = isRelapse ? relapsed_ + 1 : 0;
    if (!isFarUp && relapsed_ < 2)
        return {};
    const auto remedy = lowerRate(facts.learningRate);
    if (isFarUp)
        return Finding{AlarmKind::RateTooHigh,
                       {},
                       loss,
                       kRaised * first,
                       fmt::format("Steps of {:.3g} have raised the loss from {:.3g} to {:.3g}.",
                                   facts.learningRate, first, loss),
                       remedy};
    return Finding{AlarmKind::RateTooHigh,
                   {},
                   loss,
                   kRelapse * best,
                   fmt::format("The training loss was down to {:.3g} and has been above {:.3g} for "
                               "{} epochs: steps of {:.3g} jump over the minimum.",
                               best, kRelapse * best, relapsed_, facts.learningRate),
                   remedy};
}

std::vector<HealthMonitor::Finding> HealthMonitor::dead(const EpochFacts& facts) const {
    std::vector<Finding> found;
    for (const auto& each : facts.activity) {
        const auto before = std::ranges::find(lastActivity_, each.path, &Activity::path);
        if (each.units < kFewUnits || each.share() < kDead || before == lastActivity_.end() ||
            before->share() < kDead)
            continue;
        found.push_back(
            {AlarmKind::DeadUnits,
             each.path,
             each.share(),
             kDead,
             fmt::format(
                 "{} of {} units are 0 for every sample, so no gradient reaches the weights "
                 "in front of them; {}.",
                 each.silent, each.units,
                 wasBornDead(each.path) ? "they were so before the first step"
                                        : "they have died in training"),
             {RemedyKind::Leak}});
        if (each.silent == each.units)
            break; // what follows sees nothing else than this layer's zeros
    }
    return found;
}

bool HealthMonitor::wasBornDead(const std::string& path) const {
    const auto first = std::ranges::find(firstActivity_, path, &Activity::path);
    return first != firstActivity_.end() && first->share() >= kDead;
}

HealthMonitor::Finding HealthMonitor::explained(const EpochFacts& facts) const {
    if (auto finding = vanishing())
        return *std::move(finding);
    if (isFarBelowUsual(facts.learningRate))
        return stuck(facts);
    if (auto finding = destroyed(facts.learningRate))
        return *std::move(finding);
    if (auto finding = collapsed(facts))
        return *std::move(finding);
    return stuck(facts);
}

std::optional<HealthMonitor::Finding> HealthMonitor::vanishing() const {
    if (firstNorms_.empty())
        return {};
    const auto first = std::ranges::find(weights_, true, &Weight::isKernel);
    const auto last =
        std::find_if(weights_.rbegin(), weights_.rend(), [](const auto& w) { return w.isKernel; });
    if (first == weights_.end())
        return {};
    const auto rms = [&](const Weight& weight) {
        return firstNorms_[static_cast<std::size_t>(&weight - weights_.data())] /
               std::sqrt(weight.elements);
    };
    const double share = rms(*first) / rms(*last);
    if (!(share < kVanishing))
        return {};
    Finding finding{AlarmKind::VanishingGradients, first->path, share, kVanishing};
    finding.cause =
        fmt::format("Of the gradient at {} only {:.1g} arrives here: {}.", last->path, share,
                    saturates_ ? "each sigmoid or tanh on the way passes on a part of it"
                               : "the initial weights between them are too small");
    finding.remedy = saturates_             ? Remedy{RemedyKind::Rectify}
                     : isInitializedByHand_ ? Remedy{RemedyKind::Initialize}
                                            : Remedy{};
    return finding;
}

std::optional<HealthMonitor::Finding> HealthMonitor::destroyed(double rate) const {
    const double first = firstLoss_.value_or(kNotKnown);
    std::size_t gone = 0;
    std::size_t kernels = 0;
    std::string path;
    for (std::size_t i = 0; i < weights_.size() && i < firstNorms_.size() && i < typical_.size();
         ++i) {
        if (!weights_[i].isKernel)
            continue;
        ++kernels;
        if (firstNorms_[i] > 0 && typical_[i] <= kGone * firstNorms_[i] && gone++ == 0)
            path = weights_[i].path;
    }
    if (gone == 0 && !(peak_ > kRaised * first))
        return {};
    std::string cause =
        fmt::format("Steps of {:.3g} raised the loss from {:.3g} to {:.3g}", rate, first, peak_);
    if (gone > 0)
        cause += fmt::format(
            ", and no gradient reaches the weights of {} of {} layers any more (the first is {})",
            gone, kernels, path);
    return Finding{AlarmKind::RateTooHigh, {},          peak_,
                   kRaised * first,        cause + ".", lowerRate(rate)};
}

std::optional<HealthMonitor::Finding> HealthMonitor::collapsed(const EpochFacts& facts) const {
    const auto samples = sumOf(facts.predicted);
    const double share = majorityShare(facts.labels);
    const double even = 1 / static_cast<double>(std::max<std::size_t>(1, facts.labels.size()));
    if (samples == 0 || std::ranges::max(facts.predicted) < samples || share < kRare * even)
        return {};
    Finding finding{AlarmKind::ClassCollapse, {}, 1, 1};
    finding.cause = fmt::format("All {} validation samples get one class, which {:.0f} % of the "
                                "training samples have: answering it always is easily learned.",
                                samples, 100 * share);
    if (canWeighClasses_)
        finding.remedy = {RemedyKind::WeighClasses, 0, classWeights(facts.labels)};
    return finding;
}

HealthMonitor::Finding HealthMonitor::stuck(const EpochFacts& facts) const {
    const bool isChance = hasLearnedNothing(facts);
    Finding finding{AlarmKind::StuckLoss,
                    {},
                    isChance ? facts.training.quality.value : facts.training.loss,
                    isChance ? chanceLimit(facts.training, facts.labels)
                             : firstEpochLoss_.value_or(kNotKnown)};
    const bool isSlow = isFarBelowUsual(facts.learningRate);
    const auto found =
        isChance ? fmt::format("the {} is what a constant answer reaches",
                               nameInSentence(*facts.training.quality.metric))
                 : fmt::format("the loss is still {:.3g}, where it began", facts.training.loss);
    const auto why =
        isSlow ? fmt::format("steps of {:.3g} are too small to get anywhere", facts.learningRate)
               : std::string("the inputs seem to say nothing about the answers, or "
                             "the network cannot see it");
    finding.cause = fmt::format("After {} epochs {}: {}.", facts.epoch, found, why);
    if (isSlow)
        finding.remedy = {RemedyKind::SetRate, usualRate_};
    return finding;
}

std::optional<HealthMonitor::Finding> HealthMonitor::overfitted(const EpochFacts& facts) {
    if (!facts.validation)
        return {};
    const double loss = facts.validation->loss;
    if (!bestValidation_ || loss < *bestValidation_)
        bestValidation_ = loss;
    const double best = *bestValidation_;
    const bool isActiveNow = isActive(AlarmKind::Overfitting);
    const double limit = isActiveNow ? 1 + (kOverfitting - 1) / 2 : kOverfitting;
    const double floor = firstLoss_ && std::isfinite(*firstLoss_) ? kFloor * *firstLoss_ : 0;
    const bool isUp = loss > limit * best && loss - best > floor &&
                      (isActiveNow || facts.training.loss <= bestTraining_.value_or(kNotKnown));
    rising_ = isUp ? rising_ + 1 : 0;
    if (!isUp || (!isActiveNow && rising_ < kRising))
        return {};
    Finding finding{AlarmKind::Overfitting, {}, loss / best, kOverfitting};
    finding.cause = fmt::format("The validation loss has risen from {:.3g} to {:.3g} while the "
                                "training loss fell to {:.3g}: the network learns its samples by "
                                "heart.",
                                best, loss, facts.training.loss);
    const Params params(trainingParams(), settings_.params);
    const double penalty = params.real("l2");
    finding.remedy = settings_.earlyStopping()
                         ? Remedy{RemedyKind::Penalize, penalty > 0 ? 10 * penalty : kFirstPenalty}
                         : Remedy{RemedyKind::StopEarly};
    return finding;
}

void HealthMonitor::fail(std::int64_t epoch, std::int64_t step, const std::string& where,
                         double learningRate) {
    const auto weight = std::ranges::find(weights_, where, &Weight::key);
    Finding finding{AlarmKind::NotFinite, weight != weights_.end() ? weight->path : where,
                    kNotKnown, std::numeric_limits<float>::max()};
    const bool fromStart = norm(firstNorms_) > kExploding;
    finding.remedy = fromStart && isInitializedByHand_ ? Remedy{RemedyKind::Initialize}
                                                       : lowerRate(learningRate);
    finding.cause =
        fmt::format("Values grew beyond what numbers can hold, here first: {}.",
                    fromStart ? "the initial weights are too wide"
                              : fmt::format("steps of {:.3g} are too large", learningRate));
    raise(std::move(finding), epoch, step);
}

bool HealthMonitor::isFarBelowUsual(double rate) const {
    return rate * kMuchTooHigh < usualRate_;
}

Remedy HealthMonitor::lowerRate(double rate) const {
    return {RemedyKind::SetRate, rate >= kMuchTooHigh * usualRate_ ? usualRate_ : rate / kLowerBy};
}

bool HealthMonitor::isActive(AlarmKind kind) const {
    return std::ranges::any_of(
        alarms_, [&](const Alarm& alarm) { return alarm.kind == kind && !alarm.goneAfter; });
}

bool HealthMonitor::update(std::vector<Finding> found, std::int64_t epoch, std::int64_t step) {
    bool isChanged = false;
    for (auto& alarm : alarms_) {
        const bool isThere = std::ranges::any_of(found, [&](const Finding& finding) {
            return finding.kind == alarm.kind && finding.path == alarm.path;
        });
        if (isThere || alarm.goneAfter)
            continue;
        alarm.goneAfter = epoch;
        isChanged = true;
    }
    for (auto& finding : found) {
        const bool isKnown = std::ranges::any_of(alarms_, [&](const Alarm& alarm) {
            return alarm.kind == finding.kind && alarm.path == finding.path && !alarm.goneAfter;
        });
        if (isKnown)
            continue;
        raise(std::move(finding), epoch, step);
        isChanged = true;
    }
    return isChanged;
}

/// Once for each layer and cause: one that comes back takes the place that it had.
void HealthMonitor::raise(Finding finding, std::int64_t epoch, std::int64_t step) {
    std::erase_if(alarms_, [&](const Alarm& alarm) {
        return alarm.kind == finding.kind && alarm.path == finding.path;
    });
    alarms_.push_back({finding.kind, std::move(finding.path), epoch, step, std::time(nullptr),
                       finding.value, finding.limit, std::move(finding.cause),
                       std::move(finding.remedy)});
}

Json HealthMonitor::record() const {
    Json json = {{"alarms", toJson(alarms_)}};
    if (firstLoss_ && std::isfinite(*firstLoss_)) {
        json["first_loss"] = *firstLoss_;
        json["first_gradient_norms"] = firstNorms_;
    }
    return json;
}

void HealthMonitor::restore(const Json& health) {
    firstLoss_ = kNotKnown;
    if (!health.is_object())
        return;
    if (health.contains("alarms"))
        alarms_ = alarmsFromJson(health["alarms"]);
    // What ended it is over; what else was wrong shows again.
    std::erase_if(alarms_, [](const Alarm& alarm) { return alarm.kind == AlarmKind::NotFinite; });
    for (const auto& alarm : alarms_) // there until an epoch shows that it is not
        if (!alarm.goneAfter && isCauseOfNothing(alarm.kind))
            idleCause_ = Finding{alarm.kind, alarm.path};
    if (!health.contains("first_loss") || !health["first_loss"].is_number())
        return;
    firstLoss_ = health["first_loss"].get<double>();
    const auto norms = health.find("first_gradient_norms");
    if (norms == health.end() || !norms->is_array() || norms->size() != weights_.size())
        return;
    for (const auto& each : *norms)
        firstNorms_.push_back(each.is_number() ? each.get<double>() : 0);
}

} // namespace gradwright
