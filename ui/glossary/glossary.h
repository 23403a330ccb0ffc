// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// A term of the window, as a lecture would explain it.
struct GlossaryTerm {
    std::string key;                   ///< "learning-rate"
    std::string title;                 ///< "Learning rate"
    std::string text;                  ///< two sentences: what it is; why it matters or what to try
    std::vector<std::string> explains; ///< the places of the window that it is about
    std::vector<std::string> see;      ///< keys of related terms
};

/// All terms, by title. A place is a path: "training/learning_rate", "optimizer/adam/beta1",
/// "layer/conv2d", "layer/conv2d/kernel", "metric/accuracy", "alarm/overfitting" and so on, with
/// the keys of the engine's declarations, or "window/NAME" for one of windowPlaces(). A term may
/// leave the middle of three open, "layer/*/kernel"; a term that names the place itself goes first.
class Glossary {
public:
    /// Throws Error naming the file and what is wrong with it.
    explicit Glossary(const std::filesystem::path& file);
    /// The program's own, resources/glossary.json, read once. Without terms, and with a warning on
    /// the terminal, where that cannot be read.
    static const Glossary& own();

    [[nodiscard]] const std::vector<GlossaryTerm>& terms() const { return terms_; }
    /// Nullptr when there is none of that key.
    [[nodiscard]] const GlossaryTerm* find(std::string_view key) const;
    /// What is shown at a place, or nullptr.
    [[nodiscard]] const GlossaryTerm* explaining(std::string_view place) const;

private:
    Glossary() = default;

    std::vector<GlossaryTerm> terms_;
    std::map<std::string, std::size_t, std::less<>> places_; ///< index of the term
};

/// The places that pages explain beside the engine's declarations, without "window/".
const std::vector<std::string_view>& windowPlaces();

} // namespace gradwright
