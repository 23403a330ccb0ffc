// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/graph/diagnostic.h"
#include "engine/ops/op_graph.h"

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// A part of a sample that can be assigned to an Input: elements `first` … `first + size - 1` of
/// the first axis.
struct SamplePart {
    std::string name; ///< of the column, or the range as it is written: "3", "0-11"
    std::int64_t first = 0;
    std::int64_t size = 1;
    Shape image = {}; ///< C×H×W of a column of images; of rank 0 for all else
    bool operator==(const SamplePart&) const = default;
};

/// The columns of a table, one after the other as they lie in a sample; none for other data.
std::vector<SamplePart> columnParts(const DataInfo& data);

/// What an Input receives, in the order of the sample.
struct Feed {
    std::string input;
    std::vector<SamplePart> parts;
    /// Of the parts joined along the first axis; of images of one size, their channels on top of
    /// each other.
    Shape shape;
    /// Whether the shape is that of images from columns: an Input must have it, or be a vector.
    bool isImage = false;
};

/// What is wrong with an assignment.
struct FeedProblem {
    std::string input; ///< the Input that it is about; empty: the whole
    std::string message;
    std::vector<Fix> fixes = {};
};

struct Feeds {
    std::vector<Feed> feeds; ///< of Inputs that get something
    std::vector<FeedProblem> problems;
};

/// An Input of a network, and the shape it takes where that is known.
struct InputNode {
    std::string name;
    NodeId id;
    std::optional<Shape> shape;
};

/// Who gets what by the data's assignment. Each part belongs to one Input or is left out; images of
/// several sizes, or images and numbers, cannot be joined in one.
Feeds feedsOf(const DataInfo& data, const std::vector<InputNode>& inputs);

/// Whether every Input gets the same of each sample by both, however their assignments are written:
/// an Input has its parts in the order of the sample. The data are the same but for these.
bool feedsAlike(const DataInfo& a, const DataInfo& b);

/// An assignment of all parts, in order, that gives each Input as many elements as it takes; where
/// there is none, by images, numbers and categories, else in equal shares, with edits that set the
/// Inputs' shapes. Nothing when there are fewer parts than Inputs, or more kinds of images and
/// numbers, which cannot share one.
std::optional<Fix> suggestAssignment(const DataInfo& data, const std::vector<InputNode>& inputs);

/// Whether images and numbers, or images of several sizes, lie in one sample, which then fits no
/// single Input.
bool isMixed(const DataInfo& data);

/// Puts in front of what reads the graph's inputs the ops that take their parts out of a whole
/// sample, where the data's assignment says so. Returns the input that is fed with samples. Throws
/// Error when the assignment leaves an input without parts, and when the graph has not one input
/// and there is no assignment.
ValueId feedInputs(OpGraph& graph, const DataInfo& data);

} // namespace gradwright
