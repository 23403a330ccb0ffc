// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/rate_scaling.h"

#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>

namespace gradwright {

std::int64_t samplesOfStep(const TrainingSettings& settings) {
    return settings.batch() * settings.accumulatedBatches();
}

RateScaling scaleRate(TrainingSettings& settings, std::int64_t samplesBefore) {
    RateScaling scaling{.samplesBefore = samplesBefore,
                        .samples = samplesOfStep(settings),
                        .rateBefore = settings.learningRate(),
                        .rate = settings.learningRate(),
                        .warmupEpochs =
                            Params(trainingParams(), settings.params).real("warmup_epochs")};
    if (scaling.samples < samplesBefore)
        throw Error("the learning rate is scaled to larger batches only: the project's steps have "
                    "{}, and now they would have {}",
                    counted(samplesBefore, "sample"), scaling.samples);
    if (scaling.samples == samplesBefore)
        return scaling;
    scaling.rate *= scaling.factor();
    if (scaling.warmupEpochs == 0)
        scaling.warmupEpochs = std::min(kScalingWarmup, static_cast<double>(settings.epochs()) / 2);
    settings.params.insert_or_assign("learning_rate", scaling.rate);
    settings.params.insert_or_assign("warmup_epochs", scaling.warmupEpochs);
    settings.params.insert_or_assign("warmup_start", 1 / scaling.factor());
    requireValid(settings);
    return scaling;
}

std::string toString(const RateScaling& scaling) {
    if (scaling.samples == scaling.samplesBefore)
        return fmt::format("the learning rate {:.6g} is for steps of {}, as they are: it is not "
                           "scaled",
                           scaling.rate, counted(scaling.samples, "sample"));
    return fmt::format("the learning rate {:.6g} is for steps of {}: for {} it is {:.6g}, which "
                       "the training reaches in {:.6g} epochs",
                       scaling.rateBefore, counted(scaling.samplesBefore, "sample"),
                       scaling.samples, scaling.rate, scaling.warmupEpochs);
}

Json toJson(const RateScaling& scaling) {
    return {{"samples_before", scaling.samplesBefore},
            {"samples", scaling.samples},
            {"factor", scaling.factor()},
            {"learning_rate_before", scaling.rateBefore},
            {"learning_rate", scaling.rate},
            {"warmup_epochs", scaling.warmupEpochs}};
}

} // namespace gradwright
