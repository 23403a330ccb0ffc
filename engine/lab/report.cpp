// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/report.h"

#include <algorithm>

namespace gradwright {
namespace {

std::string cellText(const std::string& text) {
    std::string cell;
    for (const char c : text) {
        if (c == '|' || c == '\\')
            cell += '\\';
        cell += c == '\n' || c == '\r' ? ' ' : c;
    }
    return cell;
}

bool isNumeric(const std::string& text) {
    return !text.empty() && (text.find_first_of("0123456789") != std::string::npos) &&
           (text.front() == '-' || (text.front() >= '0' && text.front() <= '9'));
}

/// Columns of numbers stand at the right.
bool isRight(const ReportTable& table, std::size_t column) {
    return !table.rows.empty() && std::ranges::all_of(table.rows, [column](const auto& row) {
        return column < row.size() && (row[column].empty() || isNumeric(row[column]));
    });
}

void appendRow(std::string& out, const std::vector<std::string>& cells, std::size_t columns) {
    out += '|';
    for (std::size_t i = 0; i < columns; ++i)
        out += " " + (i < cells.size() ? cellText(cells[i]) : std::string()) + " |";
    out += '\n';
}

void appendTable(std::string& out, const ReportTable& table) {
    if (!table.title.empty())
        out += "## " + table.title + "\n\n";
    appendRow(out, table.columns, table.columns.size());
    out += '|';
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        out += isRight(table, i) ? " ---: |" : " --- |";
    out += '\n';
    for (const auto& row : table.rows)
        appendRow(out, row, table.columns.size());
    out += '\n';
}

} // namespace

std::string toMarkdown(const Report& report) {
    std::string out = "# " + report.title + "\n\n";
    for (const auto& paragraph : report.paragraphs)
        out += paragraph + "\n\n";
    for (const auto& picture : report.pictures)
        out += "![" + picture.caption + "](" + picture.file + ")\n\n";
    for (const auto& table : report.tables)
        appendTable(out, table);
    while (out.ends_with("\n\n"))
        out.pop_back();
    return out;
}

Json toJson(const Report& report) {
    Json tables = Json::array();
    for (const auto& table : report.tables)
        tables.push_back(
            {{"title", table.title}, {"columns", table.columns}, {"rows", table.rows}});
    Json pictures = Json::array();
    for (const auto& picture : report.pictures)
        pictures.push_back({{"file", picture.file}, {"caption", picture.caption}});
    return {{"title", report.title},
            {"paragraphs", report.paragraphs},
            {"tables", std::move(tables)},
            {"pictures", std::move(pictures)},
            {"data", report.data}};
}

} // namespace gradwright
