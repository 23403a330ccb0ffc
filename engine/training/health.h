// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/score.h"
#include "engine/ops/op_graph.h"
#include "engine/training/alarm.h"
#include "engine/training/settings.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// How many units of a layer are 0 whatever it is shown.
struct Activity {
    std::string path;
    std::int64_t units = 0;
    std::int64_t silent = 0;

    [[nodiscard]] double share() const {
        return units > 0 ? static_cast<double>(silent) / static_cast<double>(units) : 0;
    }
};

/// What an epoch has shown, beside its steps.
struct EpochFacts {
    std::int64_t epoch = 0; ///< counted from 1
    std::int64_t step = 0;
    Score training; ///< running mean while the weights moved
    std::optional<Score> validation;
    double learningRate = 0;             ///< before the schedule: what can be set
    std::vector<std::int64_t> labels;    ///< how often each class was to be learned
    std::vector<std::int64_t> predicted; ///< how often validation was answered by each class
    std::vector<Activity> activity;      ///< at the end of the epoch, in the network's order
};

/// Tells from the course of a training what has gone wrong with it. Fed with each step and each
/// epoch, it raises an alarm once for each layer and cause and takes it back when the cause is
/// gone. Of several signs with one cause it tells the cause: a network that answers at random
/// because its first step was too large does not also have dead units.
///
/// "Nothing learned" is the sign that most causes share: the quality of training and of validation
/// is what the best constant answer reaches, the share of the most frequent class (plus three
/// standard errors) or R² = 0, while the training loss does not fall; or the training loss has not
/// left that of the first epoch.
class HealthMonitor {
public:
    /// A network whose gradient has a norm beyond this before it has moved is badly initialized
    /// (Glorot, Bengio 2010; He et al. 2015), later it has met a cliff (Pascanu et al. 2013, who
    /// clip at 1 to 10). Templates stay below 20.
    static constexpr double kExploding = 1000;
    /// Root mean square of the gradient of the first kernels over that of the last at the start.
    /// Well-initialized networks keep the variance of gradients from layer to layer (Glorot, Bengio
    /// 2010); a sigmoid takes at least three quarters of it. Templates stay above 0.01.
    static constexpr double kVanishing = 1e-4;
    /// Share of a layer's ReLUs that are 0 for all samples of two probes in a row. Good networks
    /// lose some units (Lu et al.: "Dying ReLU and initialization", 2019), not nearly all.
    static constexpr double kDead = 0.9;
    /// Times the best validation loss: the "generalization loss" of Prechelt ("Early stopping — but
    /// when?", 1998), who stops at 1.05 at most; it has to last for kRising epochs, his other sign.
    static constexpr double kOverfitting = 1.25;
    static constexpr std::int64_t kRising = 3;
    /// Times the loss of the first steps. An untrained network is near the loss of chance; a step
    /// that was small enough to be described by the gradient cannot have raised it so far.
    static constexpr double kRaised = 2;
    /// Times the best epoch's training loss, for two epochs, …
    static constexpr double kRelapse = 1.3;
    /// … where that is this share of the first loss at least: noise at the bottom is none.
    static constexpr double kRelapseShare = 0.1;
    /// Nothing learned in so many epochs and steps, or in so many more steps of whole epochs.
    static constexpr std::int64_t kIdleEpochs = 3;
    static constexpr std::int64_t kIdleSteps = 200;
    static constexpr std::int64_t kIdleStepsAlone = 1500;

    /// `training` is the graph that is trained.
    HealthMonitor(const OpGraph& training, const TrainingSettings& settings);

    /// Before the first step.
    void begin(std::vector<Activity> activity);
    /// A step's loss and, with the first and some others, the norms of the gradients of weights
    /// that learn.
    void addStep(double loss, const std::vector<double>* gradientNorms);
    /// Returns whether alarms() have changed.
    bool endEpoch(const EpochFacts& facts);
    /// The training ends at a NaN or an infinity, which a layer's value or a weight's gradient had.
    void fail(std::int64_t epoch, std::int64_t step, const std::string& where, double learningRate);

    /// All that have been raised, in order, those that are gone included.
    [[nodiscard]] const std::vector<Alarm>& alarms() const { return alarms_; }

    /// What a run keeps in its run.json under "health", and its way back when the run is resumed.
    [[nodiscard]] Json record() const;
    void restore(const Json& health);

private:
    struct Finding {
        AlarmKind kind;
        std::string path = {};
        double value = 0;
        double limit = 0;
        std::string cause = {};
        Remedy remedy = {};
    };
    struct Weight {
        std::string key;
        std::string path; ///< of its layer
        double elements = 0;
        bool isKernel = false;
    };

    void summarizeGradients();
    [[nodiscard]] bool hasLearnedNothing(const EpochFacts& facts) const;
    /// Whether the training loss goes down: with rare classes it does so long before a constant
    /// answer is beaten.
    [[nodiscard]] bool isFalling(const EpochFacts& facts) const;
    /// Whether the training loss is still where it began.
    [[nodiscard]] bool hasNotMoved(const EpochFacts& facts) const;
    [[nodiscard]] bool isActive(AlarmKind kind) const;
    [[nodiscard]] std::vector<Finding> findings(const EpochFacts& facts);
    [[nodiscard]] std::optional<Finding> exploding() const;
    [[nodiscard]] std::optional<Finding> raised(const EpochFacts& facts, bool idle);
    [[nodiscard]] std::vector<Finding> dead(const EpochFacts& facts) const;
    [[nodiscard]] bool wasBornDead(const std::string& path) const;
    [[nodiscard]] Finding explained(const EpochFacts& facts) const;
    [[nodiscard]] std::optional<Finding> vanishing() const;
    [[nodiscard]] std::optional<Finding> destroyed(double rate) const;
    [[nodiscard]] std::optional<Finding> collapsed(const EpochFacts& facts) const;
    [[nodiscard]] Finding stuck(const EpochFacts& facts) const;
    [[nodiscard]] std::optional<Finding> overfitted(const EpochFacts& facts);
    [[nodiscard]] bool isFarBelowUsual(double rate) const;
    [[nodiscard]] Remedy lowerRate(double rate) const;
    bool update(std::vector<Finding> found, std::int64_t epoch, std::int64_t step);
    void raise(Finding finding, std::int64_t epoch, std::int64_t step);

    TrainingSettings settings_;
    double usualRate_;             ///< of the optimizer
    bool canWeighClasses_ = false; ///< the first objective's loss can
    bool saturates_ = false;       ///< there are activations whose slope goes to 0 on both sides
    bool isInitializedByHand_ = false; ///< some layer's weights have a range of their own
    std::vector<Weight> weights_;      ///< that learn
    std::vector<Alarm> alarms_;

    std::optional<double> firstLoss_; ///< of the first step; NaN: not known
    double peak_ = 0;                 ///< the highest loss of a step
    std::vector<double> firstNorms_;  ///< of each weight's gradient before anything has moved
    std::vector<Activity> firstActivity_;

    std::vector<std::vector<double>> norms_; ///< of the epoch that runs
    std::vector<double> typical_;            ///< medians of the last epoch's, by weight
    double largest_ = 0;                     ///< norm of the whole gradient in the last epoch

    std::vector<Activity> lastActivity_;
    std::int64_t idleEpochs_ = 0;
    std::int64_t idleSince_ = 0; ///< step
    std::optional<Finding> idleCause_;
    std::optional<double> idleLoss_; ///< of training, when it began
    std::optional<double> firstEpochLoss_;
    std::optional<double> bestTraining_;
    std::optional<double> bestValidation_;
    std::int64_t relapsed_ = 0; ///< epochs in a row
    std::int64_t rising_ = 0;   ///< epochs in a row
};

} // namespace gradwright
