// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/data/dataset.h"
#include "engine/ops/op_graph.h"

#include <optional>
#include <string>

namespace gradwright {

/// More weights than that lie in a file beside the program.
inline constexpr std::int64_t kMostEmbeddedWeights = 200'000;

/// A C++ program of one file that computes what a network answers, with the standard library alone.
struct CppProgram {
    std::string source;
    /// F32, little-endian, one weight after the other, for the file that the source names; empty:
    /// they are in the source.
    std::string weights;
};

/// What the program says of itself.
struct CppOptions {
    std::string name;        ///< of the network
    std::string weightsFile; ///< the name of the file of weights, should there be one
    /// What raw samples are and the classes are called; nothing: samples are inputs as they are.
    std::optional<DataInfo> data{};
};

/// Plain loops for each op of a graph of one input and one output, as inference computes it, in
/// C++17: `std::vector<float> predict(const std::vector<float>& raw)`, and a main() that reads raw
/// samples from standard input. Raw are bytes of pixels, channel by channel, and numbers and
/// numbers of categories of a table's columns. Throws Error naming the layer for an op that has no
/// loop.
CppProgram cppProgram(const OpGraph& graph, const Weights& weights, const CppOptions& options);

} // namespace gradwright
