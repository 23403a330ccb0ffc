// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/onnx_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "engine/exchange/onnx_edit.h"
#include "engine/io/atomic_file.h"
#include "engine/io/npy.h"
#include "engine/support/counted.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <limits>
#include <memory>

namespace gradwright::cli {
namespace {

struct EditOptions {
    std::string file, output;
    std::vector<std::string> renames, renamedAxes, removed, operators, attributes, kept, from, to,
        outputs, fixed, freed, constants;
    std::int64_t opset = 0;
    bool force = false;
    bool json = false;
};

/// "NAME=VALUE" in two; the last sign counts, as names may hold one.
std::pair<std::string, std::string> pairOf(const std::string& text, std::string_view option,
                                           std::string_view form) {
    const auto sign = text.rfind('=');
    if (sign == std::string::npos || sign == 0 || sign + 1 == text.size())
        throw UsageError("{} takes {}, not \"{}\"", option, form, text);
    return {text.substr(0, sign), text.substr(sign + 1)};
}

/// "NODE:ATTRIBUTE=VALUE": attributes have no signs in their names, nodes and values may.
OnnxAttributeEdit attributeOf(const std::string& text) {
    for (auto sign = text.find('='); sign != std::string::npos; sign = text.find('=', sign + 1)) {
        const auto colon = text.rfind(':', sign);
        if (colon == std::string::npos || colon == 0 || colon + 1 == sign)
            continue;
        return {text.substr(0, colon), text.substr(colon + 1, sign - colon - 1),
                text.substr(sign + 1)};
    }
    throw UsageError("--attribute takes NODE:ATTRIBUTE=VALUE, not \"{}\"", text);
}

OnnxEdits editsOf(const EditOptions& options) {
    OnnxEdits edits;
    for (const auto& each : options.renames)
        edits.renames.push_back(pairOf(each, "--rename", "OLD=NEW"));
    for (const auto& each : options.renamedAxes)
        edits.renamedAxes.push_back(pairOf(each, "--rename-axis", "OLD=NEW"));
    for (const auto& each : options.attributes)
        edits.attributes.push_back(attributeOf(each));
    for (const auto& each : options.operators)
        edits.operators.push_back(pairOf(each, "--operator", "NODE=OPERATOR"));
    for (const auto& each : options.fixed) {
        const auto [name, text] = pairOf(each, "--fix", "AXIS=LENGTH");
        std::int64_t length = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
        if (error != std::errc{} || end != text.data() + text.size() || length < 1)
            throw UsageError("--fix takes AXIS=LENGTH with a number from 1 on, not \"{}\"", each);
        edits.fixed[name] = length;
    }
    for (const auto& each : options.freed) {
        const auto [place, name] = pairOf(each, "--free", "INPUT:AXIS=NAME");
        edits.freed[place] = name == "?" ? std::string() : name;
    }
    for (const auto& each : options.constants) {
        const auto [name, file] = pairOf(each, "--constant", "NAME=FILE.npy");
        edits.constants.insert_or_assign(name, readNpy(file));
    }
    edits.removedNodes = options.removed;
    edits.keptNodes = options.kept;
    edits.from = options.from;
    edits.to = options.to;
    edits.outputs = options.outputs;
    if (options.opset != 0)
        edits.opset = options.opset;
    if (edits.isNothing())
        throw UsageError("edit needs something to change; --help lists what there is");
    return edits;
}

void runEdit(const EditOptions& options) {
    const auto edits = editsOf(options);
    const std::filesystem::path from = options.file;
    const std::filesystem::path to = options.output;
    if (!options.force && std::filesystem::exists(to))
        throw Error("{} exists already; --force replaces it", to.string());
    std::size_t size = 0;
    const auto written = naming(from, [&] {
        const auto read = readFile(from, std::numeric_limits<std::int32_t>::max());
        const auto bytes =
            editOnnx({reinterpret_cast<const char*>(read.data()), read.size()}, edits);
        size = bytes.size();
        return writeEditedOnnx(bytes, from, to).value();
    });
    if (options.json)
        return printJson({{"file", to.string()},
                          {"nodes", written.nodes},
                          {"bytes", size},
                          {"missing_files", written.missing}});
    printLine(fmt::format("Wrote {}, {}", to.string(), counted(written.nodes, "node")));
    for (const auto& file : written.missing)
        printLine(fmt::format("It needs {} beside it, which lies beside {}", file, from.string()));
}

} // namespace

void addEditCommand(CLI::App& app, int&) {
    auto options = std::make_shared<EditOptions>();
    auto* command = app.add_subcommand(
        "edit", "Change an ONNX model; all that is not named stays as it is, to the bit");
    command->add_option("file", options->file, "An ONNX model")->required();
    command->add_option("-o,--output", options->output, "The file to write")->required();
    command->add_option("--rename", options->renames,
                        "OLD=NEW: another name for an input, output or any value");
    command->add_option("--rename-axis", options->renamedAxes,
                        "OLD=NEW: another name for an axis, wherever it is");
    command->add_option("--remove", options->removed,
                        "A node, by its name or first output: what reads it reads what it reads");
    command->add_option("--operator", options->operators,
                        "NODE=OPERATOR: another operator for a node");
    command->add_option("--attribute", options->attributes,
                        "NODE:ATTRIBUTE=VALUE: 1, 0.5, linear, [0, 2, 1]; no value removes it");
    command->add_option("--keep", options->kept,
                        "Keep this node, and of the others only those that are kept, too");
    command->add_option("--from", options->from,
                        "Keep what lies behind this value, which becomes an input");
    command->add_option("--to", options->to,
                        "Keep what lies before this value, which becomes an output");
    command->add_option("--add-output", options->outputs, "A value that becomes an output, too");
    command->add_option("--fix", options->fixed,
                        "AXIS=LENGTH: a length for an axis that is named or like x:0");
    command->add_option(
        "--free", options->freed,
        "x:0=batch: a name for an axis of an input or output; x:0=? leaves it open");
    command->add_option("--constant", options->constants,
                        "NAME=FILE.npy: other values for a constant of the same shape");
    command->add_option("--opset", options->opset, "Bring it to that set of ONNX's operators");
    command->add_flag("--force", options->force, "Replace the file if it exists");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options] { runEdit(*options); });
}

} // namespace gradwright::cli
