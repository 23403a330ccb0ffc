// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text/text_corpus.h"

#include "engine/data/byte_reader.h"
#include "engine/data/text/text_encoding.h"
#include "engine/data/text/utf8.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30;

class TextSource final : public DataSource {
public:
    /// Sample i reads symbols[i · steps …] and is asked for what follows each of them.
    TextSource(std::vector<std::int32_t> symbols, std::int64_t steps)
        : symbols_(std::move(symbols))
        , shape_{steps} {}

    [[nodiscard]] std::int64_t size() const override {
        return (static_cast<std::int64_t>(symbols_.size()) - 1) / shape_[0];
    }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        std::ranges::transform(sample(index, 0), out.begin(),
                               [](std::int32_t symbol) { return static_cast<float>(symbol); });
    }
    [[nodiscard]] std::int32_t label(std::int64_t /*index*/) const override { return 0; }
    [[nodiscard]] std::int64_t labelsPerSample() const override { return shape_[0]; }
    void labels(std::int64_t index, std::span<std::int32_t> out) const override {
        std::ranges::copy(sample(index, 1), out.begin());
    }

private:
    [[nodiscard]] std::span<const std::int32_t> sample(std::int64_t index,
                                                       std::size_t shift) const {
        const auto steps = static_cast<std::size_t>(shape_[0]);
        return std::span(symbols_).subspan(static_cast<std::size_t>(index) * steps + shift, steps);
    }

    std::vector<std::int32_t> symbols_;
    Shape shape_;
};

/// Takes byte order marks out of the text, which files that were put behind each other have in the
/// middle, too, and ends its lines with \n alone, and says so.
void makePlainLines(std::string& text, std::vector<std::string>& notes) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    std::string plain;
    plain.reserve(text.size());
    std::size_t lone = 0;
    std::size_t marks = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (std::string_view(text).substr(i, kMark.size()) == kMark) {
            ++marks;
            i += kMark.size() - 1;
            continue;
        }
        if (text[i] != '\r') {
            plain += text[i];
            continue;
        }
        if (i + 1 < text.size() && text[i + 1] == '\n')
            continue; // "\r\n"
        plain += '\n';
        ++lone;
    }
    if (marks == 1)
        notes.emplace_back("a byte order mark is left out");
    else if (marks > 1)
        notes.push_back(fmt::format("{} byte order marks are left out", marks));
    if (lone > 0)
        notes.push_back(
            fmt::format("{} in CR alone, as on old Macs", counted(lone, "line ends", "lines end")));
    text = std::move(plain);
}

std::vector<std::string> vocabularyOf(std::span<const std::string_view> characters) {
    const std::set<std::string_view> found(characters.begin(), characters.end());
    std::vector<std::string> vocabulary{std::string(kUnknownCharacter)};
    for (const auto character : found)
        if (character != kUnknownCharacter)
            vocabulary.emplace_back(character);
    return vocabulary;
}

std::vector<std::int32_t> encode(std::span<const std::string_view> characters,
                                 const std::vector<std::string>& vocabulary) {
    std::unordered_map<std::string_view, std::int32_t> numbers;
    for (std::size_t i = 0; i < vocabulary.size(); ++i)
        numbers.emplace(vocabulary[i], static_cast<std::int32_t>(i));
    std::vector<std::int32_t> symbols;
    symbols.reserve(characters.size());
    for (const auto character : characters) {
        const auto found = numbers.find(character);
        symbols.push_back(found == numbers.end() ? 0 : found->second);
    }
    return symbols;
}

} // namespace

std::vector<std::string_view> charactersOf(std::string_view text) {
    std::vector<std::string_view> characters;
    characters.reserve(text.size());
    while (!text.empty()) {
        const auto length = std::max<std::size_t>(1, utf8Length(text));
        characters.push_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return characters;
}

std::vector<std::int32_t> encodeText(std::string_view text,
                                     const std::vector<std::string>& vocabulary) {
    return encode(charactersOf(text), vocabulary);
}

std::vector<std::string> unknownCharacters(std::string_view text,
                                           const std::vector<std::string>& vocabulary) {
    std::vector<std::string> unknown;
    for (const auto character : charactersOf(text))
        if (std::ranges::find(vocabulary, character) == vocabulary.end() &&
            std::ranges::find(unknown, character) == unknown.end())
            unknown.emplace_back(character);
    return unknown;
}

std::string readText(const std::filesystem::path& file) {
    return readWholeFile(file, kMaxTextBytes);
}

Dataset textDataset(std::string text, const std::string& file, const TextOptions& options) {
    std::vector<std::string> notes;
    if (!options.asBefore)
        text = inUtf8(std::move(text), &notes);
    requireText(text, file);
    if (options.asBefore)
        std::erase(text, '\r');
    else
        makePlainLines(text, notes);
    if (options.lowerCase)
        std::ranges::transform(text, text.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
    const auto characters = charactersOf(text);
    const auto steps = static_cast<std::size_t>(options.steps);
    const auto samples = characters.empty() ? 0 : (characters.size() - 1) / steps;
    const auto held = static_cast<std::size_t>(
        std::max(1.0, options.testFraction * static_cast<double>(samples)));
    if (samples < held + 2)
        throw Error("{}: {} characters make {} samples of {}; there must be at least 3: for "
                    "training, validation and test",
                    file, characters.size(), samples, steps);
    const auto trainingSamples = samples - held;
    const std::span all(characters);
    // What follows the last training character is the first test sample's own.
    const auto trainingText = all.first(trainingSamples * steps + 1);
    const auto testText = all.subspan(trainingSamples * steps);

    DataInfo info;
    info.input = Shape{options.steps};
    info.target = Shape{options.steps};
    info.preparation = {.size = 0, .pictures = PictureKind::None};
    info.classes = vocabularyOf(trainingText);
    auto training = std::make_shared<TextSource>(encode(trainingText, info.classes), options.steps);
    auto test = std::make_shared<TextSource>(encode(testText, info.classes), options.steps);
    const auto left = characters.size() - 1 - samples * steps;
    notes.insert(notes.begin(),
                 fmt::format("{} characters: {} samples of {}, {} at the end left out",
                             characters.size(), samples, steps, left));
    return {std::move(info), std::move(training), std::move(test), nullptr, std::move(notes)};
}

} // namespace gradwright
