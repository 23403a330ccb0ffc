// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/fix_statistics.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Writes the operators in front of one normalization and the last one in its place.
class StatisticsFixer {
public:
    StatisticsFixer(OpGraph& graph, std::size_t place)
        : graph_(graph)
        , place_(place)
        , op_(graph.ops()[place]) {}

    void run(const BatchNormOp& norm) {
        const auto scale = graph_.weightValue(op_.weights[0]);
        const auto shift = graph_.weightValue(op_.weights[1]);
        const auto mean = graph_.weightValue(op_.weights[2]);
        const auto variance = graph_.weightValue(op_.weights[3]);
        const auto safe = add(UnaryOp{UnaryKind::Linear, 1, norm.epsilon}, {variance});
        const auto factor =
            add(BinaryOp{BinaryKind::Divide}, {scale, add(UnaryOp{UnaryKind::SquareRoot}, {safe})});
        const auto offset = add(BinaryOp{BinaryKind::Subtract},
                                {shift, add(BinaryOp{BinaryKind::Multiply}, {mean, factor})});
        const auto scaled =
            add(BinaryOp{BinaryKind::Multiply}, {op_.inputs[0], besidePositions(factor)});
        const auto added = besidePositions(offset);
        graph_.replace(place_, BinaryOp{BinaryKind::Add}, {scaled, added});
    }

private:
    ValueId add(OpAttributes attributes, std::vector<ValueId> inputs) {
        return graph_.insert(place_++, std::move(attributes), std::move(inputs), op_.path).front();
    }

    /// One number per channel, repeated along the positions of a sample.
    ValueId besidePositions(ValueId channels) {
        const auto rank = graph_.type(op_.inputs[0]).dims.rank();
        if (rank == 2)
            return channels;
        std::vector<Dim> dims(rank - 1, Dim(1));
        dims.front() = graph_.type(channels).dims[0];
        return add(ReshapeOp{Dims(std::move(dims))}, {channels});
    }

    OpGraph& graph_;
    std::size_t place_;
    Op op_;
};

} // namespace

std::size_t fixStatistics(OpGraph& graph) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto* const norm = std::get_if<BatchNormOp>(&graph.ops()[i].attributes);
        if (!norm || !norm->fixed)
            continue;
        const auto before = graph.ops().size();
        const auto made = *norm;
        StatisticsFixer(graph, i).run(made);
        i += graph.ops().size() - before; // where the normalization was
        ++count;
    }
    return count;
}

} // namespace gradwright
