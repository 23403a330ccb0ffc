// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/layer_table.h"

#include <fmt/ranges.h>

#include <array>
#include <string_view>

namespace gradwright {

namespace {

constexpr std::int64_t kBytes = 4;

std::string shapeText(const std::optional<Shape>& shape) {
    return shape ? toString(*shape) : "?";
}

std::string inputText(const NodeAnalysis& node) {
    std::vector<std::string> shapes;
    for (const auto& input : node.inputs)
        shapes.push_back(shapeText(input));
    return fmt::format("{}", fmt::join(shapes, ", "));
}

/// The node of the main graph that a path begins with.
NodeId topOf(const Graph& main, const FlatNode& flat) {
    if (flat.graph.empty())
        return flat.node;
    const Node* const block = main.findByName(flat.path.substr(0, flat.path.find('/')));
    return block != nullptr ? block->id : NodeId{0};
}

using Cells = std::array<std::string, 7>;

Cells cellsOf(const LayerRow& row) {
    return {row.name,
            row.type,
            row.input,
            row.output,
            fmt::format("{}", row.parameters),
            fmt::format("{}", row.macs),
            fmt::format("{}", row.bytes)};
}

Cells totalsOf(const std::vector<LayerRow>& rows) {
    LayerRow total;
    total.name = "Total";
    for (const LayerRow& row : rows) {
        total.parameters += row.parameters;
        total.macs += row.macs;
        total.bytes += row.bytes;
    }
    return cellsOf(total);
}

const Cells& titles() {
    static const Cells all = {"Layer",      "Type", "Input",       "Output",
                              "Parameters", "MACs", "Output bytes"};
    return all;
}

std::string quoted(const std::string& cell) {
    if (cell.find_first_of(",\"\r\n") == std::string::npos)
        return cell;
    std::string text = "\"";
    for (const char letter : cell)
        text += letter == '"' ? std::string("\"\"") : std::string(1, letter);
    return text + '"';
}

std::string escaped(const std::string& cell) {
    std::string text;
    for (const char letter : cell) {
        if (letter == '|' || letter == '*' || letter == '_' || letter == '`' || letter == '\\')
            text += '\\';
        text += letter == '\n' ? ' ' : letter;
    }
    return text;
}

} // namespace

std::vector<LayerRow> layerTable(const Network& network, const Analysis& analysis) {
    std::vector<LayerRow> rows;
    rows.reserve(analysis.nodes.size());
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const FlatNode& flat = analysis.flat.nodes[i];
        const NodeAnalysis& node = analysis.nodes[i];
        LayerRow row;
        row.node = topOf(network.main, flat);
        row.name = flat.path;
        row.type = flat.layer != nullptr ? labelOf(*flat.layer, flat.params) : "?";
        row.input = inputText(node);
        const bool known = node.state == ShapeState::Known;
        row.output = known ? toString(node.output) : "?";
        for (const Shape& shape : node.further)
            row.output += ", " + toString(shape);
        row.parameters = node.parameters;
        row.macs = node.macs;
        row.bytes = known ? node.output.elements() * kBytes : 0;
        for (const Shape& shape : node.further)
            row.bytes += shape.elements() * kBytes;
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string tableAsCsv(const std::vector<LayerRow>& rows) {
    std::string text;
    const auto add = [&](const Cells& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i)
            text.append(i > 0 ? "," : "").append(quoted(cells[i]));
        text += "\r\n";
    };
    add(titles());
    for (const LayerRow& row : rows)
        add(cellsOf(row));
    add(totalsOf(rows));
    return text;
}

std::string tableAsMarkdown(const std::vector<LayerRow>& rows) {
    std::string text;
    const auto add = [&](const Cells& cells, std::string_view mark = "") {
        text += '|';
        for (const std::string& cell : cells)
            text += cell.empty() ? "  |" : fmt::format(" {1}{0}{1} |", escaped(cell), mark);
        text += '\n';
    };
    add(titles());
    text += "|---|---|---|---|---:|---:|---:|\n";
    for (const LayerRow& row : rows)
        add(cellsOf(row));
    add(totalsOf(rows), "**");
    return text;
}

} // namespace gradwright
