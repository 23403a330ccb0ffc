// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/edit.h"
#include "engine/support/input_assignment.h"
#include "engine/tensor/shape.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace gradwright {

enum class Severity { Info, Warning, Error };

/// What a diagnostic is about.
struct Place {
    std::string graph; ///< "" is the main graph, else a block
    std::optional<NodeId> node = {};
    std::optional<LinkId> link = {};
    std::string param = {};
    std::string path = {};               ///< "stage2/1/conv1": which instance, as people read it
    std::optional<PortIndex> input = {}; ///< of the node, which lacks a link
};

struct Fix {
    std::string title; ///< as a button reads
    NetworkEdit edit;
    std::optional<InputAssignment> assignment = {}; ///< takes the place of the project's
    /// The shapes C×H×W that the data's columns of images are to be read with, by column.
    std::map<std::string, Shape> imageShapes = {};
    std::optional<std::int64_t> batch = {}; ///< samples per step, in place of the settings'
    ParamValues settings = {};              ///< of the training, in place of those that it has
    ParamValues lossParams = {};            ///< the same of the first objective's loss
};

/// A fault or a remark in a network that is being drawn; never an exception.
struct Diagnostic {
    Severity severity = Severity::Error;
    Place place;
    std::string message; ///< the rule and the received values, in the user's words
    std::vector<Fix> fixes = {};
};

/// Keeps what is new: a fault in a block is said once, of its first instance, not of all thousand.
class DiagnosticList {
public:
    void add(Diagnostic diagnostic);
    [[nodiscard]] std::vector<Diagnostic> take() { return std::move(all_); }

private:
    using Key = std::tuple<std::string, std::optional<NodeId>, std::string, std::string>;
    std::vector<Diagnostic> all_;
    std::set<Key> seen_;
};

} // namespace gradwright
