// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/batch_advice.h"

#include <fmt/format.h>

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::int64_t kProposedBatch = 16;

/// One value per channel, so that a batch of one has nothing to normalize over.
bool isVector(const Shape& shape) {
    return shape.rank() == 1 || (shape.rank() > 1 && shape.elements() == shape[0]); // C×1×1
}

/// The first layer that normalizes vectors over the batch; null where there is none.
const FlatNode* normalizedVector(const Analysis& analysis) {
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const auto& flat = analysis.flat.nodes[i];
        if (flat.layer && flat.layer->traits.normalization == NormalizationKind::OverBatch &&
            analysis.nodes[i].state == ShapeState::Known && isVector(analysis.nodes[i].output))
            return &flat;
    }
    return nullptr;
}

} // namespace

std::vector<Diagnostic> batchAdvice(const Analysis& analysis, const TrainingSettings& settings) {
    const auto* flat = settings.batch() > 1 ? nullptr : normalizedVector(analysis);
    if (!flat)
        return {};
    Place place;
    place.graph = flat->graph;
    place.node = flat->node;
    place.path = flat->path;
    Fix fix{fmt::format("Set the batch size to {}", kProposedBatch),
            NetworkEdit{NetworkEdit::Group{}}};
    fix.batch = kProposedBatch;
    return {{Severity::Warning,
             std::move(place),
             fmt::format("{} normalizes over the batch, and at a batch size of 1 each value minus "
                         "its mean is 0: nothing is learned through it.",
                         flat->layer->title),
             {std::move(fix)}}};
}

std::string lastBatchNote(const Analysis& analysis, const TrainingSettings& settings,
                          std::size_t samples) {
    const auto batch = static_cast<std::size_t>(settings.batch());
    const auto* flat = batch > 1 && samples % batch == 1 ? normalizedVector(analysis) : nullptr;
    if (!flat)
        return {};
    return fmt::format("the last batch of an epoch is 1 sample ({} in batches of {}), from which "
                       "{} learns nothing; another batch size avoids it",
                       samples, batch, flat->path);
}

} // namespace gradwright
