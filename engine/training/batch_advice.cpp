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

} // namespace

std::vector<Diagnostic> batchAdvice(const Analysis& analysis, const TrainingSettings& settings) {
    std::vector<Diagnostic> found;
    if (settings.batch() > 1)
        return found;
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const auto& flat = analysis.flat.nodes[i];
        if (!flat.layer || flat.layer->traits.normalization != NormalizationKind::OverBatch ||
            analysis.nodes[i].state != ShapeState::Known || !isVector(analysis.nodes[i].output))
            continue;
        Place place;
        place.graph = flat.graph;
        place.node = flat.node;
        place.path = flat.path;
        Fix fix{fmt::format("Set the batch size to {}", kProposedBatch),
                NetworkEdit{NetworkEdit::Group{}}};
        fix.batch = kProposedBatch;
        found.push_back({Severity::Warning,
                         std::move(place),
                         fmt::format("{} normalizes over the batch, and at a batch size of 1 each "
                                     "value minus its mean is 0: nothing is learned through it.",
                                     flat.layer->title),
                         {std::move(fix)}});
        break; // said once
    }
    return found;
}

} // namespace gradwright
