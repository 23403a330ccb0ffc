// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/exchange/onnx_model.h"
#include "engine/graph/network.h"
#include "engine/support/error.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

struct OnnxImportOptions {
    /// Lengths of axes that the model only names, by their names; with `nodes`, also values for
    /// inputs of one whole number.
    std::map<std::string, std::int64_t, std::less<>> lengths{};
    /// Elements that constants may take which the file computes instead of holding, all together.
    std::int64_t constantElements = std::int64_t{1} << 28;
    /// Nodes that no layer stands for become layers "onnx-node". Where samples cannot be kept
    /// apart, all nodes do, and a sample is all that the model takes in one run.
    bool nodes = false;
    /// Inputs that are constants, by their names; with `nodes`.
    std::map<std::string, Tensor, std::less<>> constants{};
    /// Called before each node is folded or becomes a layer; what it throws ends the import. So
    /// that a stop takes effect soon, it may throw WorkStopped.
    std::function<void()> look{};
};

/// A node, or a layer of another program, that no layer computes, or not as it is set.
struct OnnxProblem {
    std::string node; ///< its name, or its first output's
    std::string op;
    std::string reason;
};

/// An axis of an input that the model gives no length, or an input whose value decides what is
/// computed. `axis` is what OnnxImportOptions::lengths calls it.
class OnnxLengthMissing : public Error {
public:
    OnnxLengthMissing(const std::string& message, std::string axis, bool isValue = false)
        : Error(message)
        , axis_(std::move(axis))
        , isValue_(isValue) {}
    [[nodiscard]] const std::string& axis() const { return axis_; }
    [[nodiscard]] bool isValue() const { return isValue_; }

private:
    std::string axis_;
    bool isValue_;
};

/// Nodes that no layer computes. `part` is what the model calls them: "node", "layer".
class OnnxNodesRefused : public Error {
public:
    explicit OnnxNodesRefused(std::vector<OnnxProblem> problems, std::string_view part = "node");
    [[nodiscard]] const std::vector<OnnxProblem>& problems() const { return problems_; }

private:
    std::vector<OnnxProblem> problems_;
};

/// What of a model can be opened as layers.
struct OnnxImport {
    Network network;
    /// Of all weights of the network, by their keys, in F32.
    Weights weights;
    /// The network's Input nodes and the model's inputs that they stand for, and likewise outputs.
    std::vector<std::pair<std::string, std::string>> inputs, outputs;
    /// Outputs of the model, by its names, that are one number per sample without an axis; those of
    /// the network have one of length 1.
    std::set<std::string> flatOutputs;
    /// Outputs of the model, by its names, whose number of rows values decide. Those of the network
    /// have as many as there can be, and what is not used is -1: see usedRows().
    std::set<std::string> countedOutputs;
    /// What the network does in another way than the model, in sentences.
    std::vector<std::string> notes;
    /// A sample is what the model takes in one run, its batch included.
    bool isWholeRun = false;
    /// Then: what keeps samples from being told apart.
    std::vector<OnnxProblem> mixing;
    /// Nodes that are layers "onnx-node", with the reason why no other layer stands for them.
    std::vector<OnnxProblem> kept;
    /// Those of them that no op computes: they are shown and written back, and do not run.
    std::vector<OnnxProblem> unable;
    /// In the order of the file. Unless there are none, network and weights are empty.
    std::vector<OnnxProblem> problems;
};

/// The layers that compute what the model does at inference, with the model's weights. Nodes that
/// no output needs are left out; names are those of nodes as far as a network's names may be. The
/// batch is the first axis of every input. Repeated parts stay as they are, see findBlocks().
/// Throws Error for an input or output that no network has, and OnnxLengthMissing; what is wrong
/// with nodes is a problem.
OnnxImport importOnnx(const OnnxModel& model, const OnnxImportOptions& options = {});

/// As importOnnx(), which must find no problem. Throws OnnxNodesRefused, whose message lists each
/// node by name, operator and reason.
OnnxImport importOnnxWhole(const OnnxModel& model, const OnnxImportOptions& options = {});

/// As importOnnxWhole(), in little more memory than the model takes: its constants are freed while
/// layers are made of them. `again` gives the model once more, for one whose nodes are not all
/// layers.
OnnxImport importOnnxFreeing(OnnxModel model, const std::function<OnnxModel()>& again,
                             const OnnxImportOptions& options = {});

/// The rows of such an output, [rows, …], in front of the first that begins with a number below 0.
Tensor usedRows(const Tensor& values);

/// The list of problems as text, a line each.
std::string problemLines(const std::vector<OnnxProblem>& problems);

} // namespace gradwright
