// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv.h"
#include "engine/support/error.h"

#include <QTest>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <random>

using namespace gradwright;

namespace {

/// How a table of the corpus is written.
struct Style {
    char delimiter;
    char decimal;
    bool hasHeader;
    std::string missing; ///< the sign; "-": nothing is missing
    bool quotesAll;
    bool groups; ///< thousands
    std::string ending;
};

std::string styleName(const Style& style) {
    return fmt::format("delimiter '{}', decimal '{}', {}, missing \"{}\"{}{}", style.delimiter,
                       style.decimal, style.hasHeader ? "header" : "no header", style.missing,
                       style.quotesAll ? ", all quoted" : "", style.groups ? ", thousands" : "");
}

struct Truth {
    std::vector<std::string> names;
    std::vector<std::vector<std::optional<double>>> numbers; ///< by row; texts are in `texts`
    std::vector<std::string> texts;                          ///< the last column
    std::string file;
};

std::string grouped(std::string digits, char mark) {
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(digits.begin() + at, mark);
    return digits;
}

std::string written(double value, int decimals, const Style& style) {
    auto text = fmt::format("{:.{}f}", std::abs(value), decimals);
    auto whole = text.substr(0, text.find('.'));
    const auto rest = text.find('.') == std::string::npos ? "" : text.substr(text.find('.') + 1);
    if (style.groups)
        whole = grouped(whole, style.decimal == '.' ? ',' : '.');
    return (value < 0 ? "-" : "") + whole + (rest.empty() ? "" : style.decimal + rest);
}

std::string field(std::string text, const Style& style) {
    const bool needs =
        text.find(style.delimiter) != std::string::npos || (text.empty() && style.delimiter == ' ');
    return style.quotesAll || needs ? "\"" + text + "\"" : text;
}

/// Reals of two decimals, whole numbers, reals of one decimal, and one of four texts.
Truth tableOf(const Style& style, unsigned seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned most) { return static_cast<int>(random() % most); };
    const int rows = 12 + below(60);
    const int columns = 2 + below(4);
    Truth truth;
    std::string& file = truth.file;
    for (int c = 0; c < columns; ++c)
        truth.names.push_back(fmt::format("m{}", c));
    truth.names.emplace_back("kind");
    if (style.hasHeader) {
        for (std::size_t c = 0; c < truth.names.size(); ++c)
            file += fmt::format("{}{}", c > 0 ? std::string(1, style.delimiter) : "",
                                field(truth.names[c], style));
        file += style.ending;
    } else {
        for (std::size_t c = 0; c < truth.names.size(); ++c)
            truth.names[c] = std::to_string(c + 1);
    }
    const std::array<std::string, 4> kinds = {"red", "green", "light blue", "sea, deep"};
    for (int r = 0; r < rows; ++r) {
        auto& numbers = truth.numbers.emplace_back();
        for (int c = 0; c < columns; ++c) {
            const int decimals = c % 3 == 0 ? 2 : c % 3 == 1 ? 0 : 1;
            const double scale = std::pow(10, decimals);
            const double value = (below(4'000'000) - 1'000'000) / 100 / scale;
            const double exact = std::round(value * scale) / scale;
            const bool isGap = style.missing != "-" && below(8) == 0 && r > 1;
            numbers.push_back(isGap ? std::nullopt : std::optional(exact));
            file += field(isGap ? style.missing : written(exact, decimals, style), style) +
                    style.delimiter;
        }
        truth.texts.push_back(kinds[static_cast<std::size_t>(r < 4 ? r : below(4))]);
        file += field(truth.texts.back(), style) + style.ending;
    }
    return truth;
}

/// Nothing where the table is what was written, else the first difference.
std::optional<std::string> differenceOf(const CsvTable& table, const Truth& truth) {
    if (table.names != truth.names)
        return fmt::format("{} columns, the first \"{}\"", table.columns(), table.names.front());
    if (table.rows() != truth.numbers.size())
        return fmt::format("{} rows", table.rows());
    for (std::size_t r = 0; r < table.rows(); ++r) {
        for (std::size_t c = 0; c + 1 < table.columns(); ++c) {
            const auto cell = table.at(r, c);
            const auto& expected = truth.numbers[r][c];
            if (cell.empty() != !expected ||
                (expected && std::stod(std::string(cell)) != *expected))
                return fmt::format("row {}, column {}: \"{}\"", r, c, cell);
        }
        if (table.at(r, table.columns() - 1) != truth.texts[r])
            return fmt::format("row {}: \"{}\"", r, table.at(r, table.columns() - 1));
    }
    return {};
}

std::vector<Style> styles() {
    std::vector<Style> all;
    int number = 0;
    for (const char delimiter : {',', ';', '\t', '|', ' '})
        for (const char decimal : {'.', ','})
            for (const bool hasHeader : {true, false})
                for (const auto* missing : {"-", "", "NA", "#N/A", "?", "."})
                    for (const bool groups : {true, false}) {
                        const bool quotesAll = number % 3 == 0;
                        all.push_back({delimiter, decimal, hasHeader, missing, quotesAll, groups,
                                       number % 2 == 0 ? "\n" : "\r\n"});
                        ++number;
                    }
    return all;
}

} // namespace

/// A table of every style: each is read as it was written, or refused; none is read as another.
class CsvCorpusTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyStyleIsRead() {
        const auto all = styles();
        QVERIFY(all.size() >= 150);
        std::size_t right = 0;
        unsigned seed = 1;
        for (const auto& style : all) {
            const auto truth = tableOf(style, seed++);
            try {
                const auto wrong = differenceOf(parseCsv(truth.file, "t.csv"), truth);
                QVERIFY2(!wrong, fmt::format("{} (seed {}): {}\n{}", styleName(style), seed - 1,
                                             wrong.value_or(""), truth.file.substr(0, 300))
                                     .c_str());
                ++right;
            } catch (const Error& error) {
                qWarning("refused: %s: %s", styleName(style).c_str(), error.what());
            }
        }
        qInfo("%zu of %zu tables are read right", right, all.size());
        QVERIFY(100 * right >= 99 * all.size());
    }

    /// What the first half shows holds for the second.
    void everyStyleIsReadAlike() {
        unsigned seed = 1000;
        for (const auto& style : styles()) {
            const auto truth = tableOf(style, seed++);
            const auto reading = parseCsv(truth.file, "t.csv").reading;
            const auto again = parseCsv(truth.file, "t.csv", {.like = reading});
            QVERIFY2(!differenceOf(again, truth), styleName(style).c_str());
        }
    }
};

QTEST_APPLESS_MAIN(CsvCorpusTest)
#include "tst_csv_corpus.moc"
