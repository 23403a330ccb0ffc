// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/python_lines.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace gradwright {
namespace {

constexpr std::size_t kIndent = 4;
constexpr std::string_view kDocstring = "\"\"\"";

/// In characters, of UTF-8.
std::size_t columnsOf(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// A pair of brackets by the places of both.
struct Brackets {
    std::size_t open = 0;
    std::size_t close = 0;
};

/// Calls visit(place) for each character that neither brackets nor a string enclose, the brackets
/// themselves included.
template <class Visit>
void forEachOutside(std::string_view text, const Visit& visit) {
    int depth = 0;
    bool isQuoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"')
            isQuoted = !isQuoted;
        if (isQuoted)
            continue;
        const bool closes = c == ')' || c == ']' || c == '}';
        depth -= closes ? 1 : 0;
        if (depth == 0)
            visit(i);
        depth += c == '(' || c == '[' || c == '{' ? 1 : 0;
    }
}

std::optional<Brackets> longestBrackets(std::string_view text) {
    std::optional<Brackets> longest;
    std::size_t open = 0;
    forEachOutside(text, [&](std::size_t i) {
        const char c = text[i];
        if (c == '(' || c == '[' || c == '{')
            open = i;
        if ((c == ')' || c == ']' || c == '}') && i > open + 1 &&
            (!longest || i - open > longest->close - longest->open))
            longest = Brackets{open, i};
    });
    return longest;
}

/// Places of the commas between arguments; those between the parameters of a lambda are none.
std::vector<std::size_t> commasOf(std::string_view text) {
    std::vector<std::size_t> commas;
    bool isInLambda = false;
    forEachOutside(text, [&](std::size_t i) {
        if (text.substr(i).starts_with("lambda ") && (i == 0 || !isNameCharacter(text[i - 1])))
            isInLambda = true;
        if (text[i] == ':')
            isInLambda = false;
        if (text[i] == ',' && !isInLambda)
            commas.push_back(i);
    });
    return commas;
}

/// Places of the blanks before those operators that bind least.
std::vector<std::size_t> operatorsOf(std::string_view text) {
    for (const std::string_view signs : {"+-", "*/"}) {
        std::vector<std::size_t> places;
        forEachOutside(text, [&](std::size_t i) {
            if (text[i] == ' ' && i + 2 < text.size() &&
                signs.find(text[i + 1]) != std::string_view::npos && text[i + 2] == ' ')
                places.push_back(i);
        });
        if (!places.empty())
            return places;
    }
    return {};
}

void wrap(std::string_view text, std::size_t indent, std::string& lines);

void append(std::string_view text, std::size_t indent, std::string& lines) {
    lines.append(indent, ' ').append(text) += '\n';
}

/// The pieces between `places`, a line each; `skipped` characters at each place are left out.
void appendPieces(std::string_view text, const std::vector<std::size_t>& places,
                  std::size_t skipped, std::string_view end, std::size_t indent,
                  std::string& lines) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= places.size(); ++i) {
        const auto to = i < places.size() ? places[i] : text.size();
        wrap(std::string(text.substr(begin, to - begin)) + std::string(end), indent, lines);
        begin = to + skipped;
    }
}

/// What stands inside brackets.
void wrapInside(std::string_view text, std::size_t indent, std::string& lines) {
    if (indent + columnsOf(text) <= kPythonColumns)
        return append(text, indent, lines);
    if (const auto commas = commasOf(text); !commas.empty())
        return appendPieces(text, commas, 2, ",", indent, lines);
    if (const auto operators = operatorsOf(text); !operators.empty())
        return appendPieces(text, operators, 1, "", indent, lines);
    wrap(text, indent, lines);
}

/// A statement or an expression inside brackets that begins at that indent.
void wrap(std::string_view text, std::size_t indent, std::string& lines) {
    if (indent + columnsOf(text) <= kPythonColumns)
        return append(text, indent, lines);
    const auto brackets = longestBrackets(text);
    const auto equals = text.find(" = ");
    const auto value = equals == std::string_view::npos ? 0 : equals + 3;
    const bool isAssigned =
        value > 0 && text.substr(0, equals).find_first_of("([{\"") == std::string_view::npos;
    // A sum or a product breaks at its operators.
    if (isAssigned && !operatorsOf(text.substr(value)).empty()) {
        append(std::string(text.substr(0, value)) + "(", indent, lines);
        wrapInside(text.substr(value), indent + kIndent, lines);
        return append(")", indent, lines);
    }
    if (!brackets)
        return append(text, indent, lines);
    wrap(text.substr(0, brackets->open + 1), indent, lines);
    wrapInside(text.substr(brackets->open + 1, brackets->close - brackets->open - 1),
               indent + kIndent, lines);
    append(text.substr(brackets->close), indent, lines);
}

void wrapWords(std::string_view text, std::size_t indent, std::string& lines) {
    std::string line;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        const auto word = text.substr(0, end);
        if (!line.empty() && indent + columnsOf(line) + 1 + columnsOf(word) > kPythonColumns) {
            append(line, indent, lines);
            line.clear();
        }
        line.append(line.empty() ? "" : " ").append(word);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    append(line, indent, lines);
}

} // namespace

std::string wrappedPython(std::string_view program) {
    std::string lines;
    while (!program.empty()) {
        const auto end = std::min(program.find('\n'), program.size());
        const auto line = program.substr(0, end);
        program.remove_prefix(std::min(end + 1, program.size()));
        const auto indent = std::min(line.find_first_not_of(' '), line.size());
        if (columnsOf(line) <= kPythonColumns)
            append(line, 0, lines);
        else if (line.substr(indent).starts_with(kDocstring))
            wrapWords(line.substr(indent), indent, lines);
        else
            wrap(line.substr(indent), indent, lines);
    }
    return lines;
}

bool usesModule(std::string_view program, std::string_view module) {
    const auto start = std::string(module) + ".";
    for (auto at = program.find(start); at != std::string_view::npos;
         at = program.find(start, at + 1))
        if (at == 0 || (!isNameCharacter(program[at - 1]) && program[at - 1] != '.'))
            return true;
    return false;
}

} // namespace gradwright
