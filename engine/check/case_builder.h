// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/check/op_cases.h"

#include <initializer_list>

namespace gradwright::check {

/// Builds an OpCase op by op; all data is a function of the case's name.
class CaseBuilder {
public:
    CaseBuilder(std::string name, std::int64_t batch);

    /// A real value of the shape whose gradient shows as that of "sourceN/weight"; evenly spread in
    /// (-2, 2) times `scale`, all different.
    ValueId source(const Shape& shape, double scale = 1.0);
    /// Appends an op with random weights of its own.
    ValueId apply(OpAttributes attributes, std::vector<ValueId> inputs);
    /// The same for an op of several outputs.
    std::vector<ValueId> applyAll(OpAttributes attributes, std::vector<ValueId> inputs);
    /// The ops applied from now on belong to one layer; without a name, each to its own.
    void setLayer(std::string path) { layer_ = std::move(path); }
    /// The same, given several ops one after another.
    ValueId chain(ValueId value, std::initializer_list<OpAttributes> ops);
    /// A vector of whole numbers below `vocabulary`, as what an embedding reads.
    ValueId numbers(std::int64_t count, std::int64_t vocabulary);
    /// A class-index input below `classes`, one per sample or per step.
    ValueId classIndex(std::int64_t classes, std::int64_t steps = 1);
    /// An input of numbers above 0 that sum to 1 in each sample.
    ValueId shares(Shape shape);
    /// An input of normal numbers.
    ValueId values(Shape shape);
    /// A weight of its own, as a value.
    ValueId weight(const Shape& shape);
    /// Numbers that stay: normal ones, or indices from 0 on, in turn from both ends.
    ValueId constant(const Shape& shape, DType dtype = DType::F32);
    [[nodiscard]] const ValueType& type(ValueId value) const { return case_.graph.type(value); }
    /// Makes a per-sample value a term of the objective.
    CaseBuilder& objective(ValueId perSample, double weight = 1.0);
    /// Mean squared error against a random target.
    CaseBuilder& regress(ValueId prediction, double weight = 1.0);
    /// Softmax cross-entropy against random classes.
    CaseBuilder& classify(ValueId logits, double weight = 1.0);
    CaseBuilder& output(ValueId value, std::string name = "output");
    /// regress() and output().
    OpCase regressed(ValueId value);
    OpCase finish() { return std::move(case_); }

private:
    Tensor normal(const Shape& shape, double scale, double centre = 0.0);
    Tensor distinct(const Shape& shape, double scale, double offset);
    std::vector<WeightId> makeWeights(const OpAttributes& attributes,
                                      const std::vector<ValueId>& inputs, const std::string& path);
    ValueId identity();

    OpCase case_;
    std::uint64_t seed_;
    std::size_t sources_ = 0;
    std::optional<ValueId> identity_;
    std::string layer_;
};

/// One op on one source, regressed.
OpCase singleOp(std::string name, std::int64_t batch, const Shape& shape, OpAttributes op);
/// One op on several.
OpCase joiningOp(std::string name, std::int64_t batch, const std::vector<Shape>& shapes,
                 OpAttributes op);

// The families of cases that have a file of their own.
void addWindowCases(std::vector<OpCase>& cases);
void addNormalizationCases(std::vector<OpCase>& cases);
void addShapeCases(std::vector<OpCase>& cases);
void addSequenceCases(std::vector<OpCase>& cases);
void addComparisonCases(std::vector<OpCase>& cases);
void addGeneralCases(std::vector<OpCase>& cases);
/// Several ops of one layer, which programs fuse. Their names begin with "fused/".
void addFusedCases(std::vector<OpCase>& cases);

} // namespace gradwright::check
