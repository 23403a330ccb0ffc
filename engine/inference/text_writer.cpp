// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/text_writer.h"

#include "engine/data/text/text_corpus.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace gradwright {
namespace {

/// Beside the purposes that rng.h names.
constexpr auto kStream = RngStream::Text;

/// The unknown character, which stands first, is never drawn.
std::size_t drawn(std::span<const float> probabilities, double temperature, double chance) {
    const auto known = probabilities.subspan(1);
    const auto likeliest = std::ranges::max_element(known) - known.begin();
    if (temperature <= 0)
        return 1 + static_cast<std::size_t>(likeliest);
    std::vector<double> weights;
    double sum = 0;
    for (const auto probability : known) {
        weights.push_back(std::pow(double{probability}, 1 / temperature));
        sum += weights.back();
    }
    double rest = chance * sum;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        rest -= weights[i];
        if (rest < 0)
            return 1 + i;
    }
    return 1 + static_cast<std::size_t>(likeliest);
}

} // namespace

std::string continueText(Predictor& predictor, const std::vector<std::string>& vocabulary,
                         std::string_view prompt, const TextWish& wish) {
    const auto shape = predictor.inputShape();
    if (shape.rank() != 1 || vocabulary.size() < 2 ||
        predictor.classes() != static_cast<std::size_t>(shape[0]) * vocabulary.size())
        throw Error(
            "only a network that guesses the next character at each step can continue a text");
    auto symbols = encodeText(prompt, vocabulary);
    if (symbols.empty())
        throw Error("a text to continue must have at least one character");
    const auto steps = static_cast<std::size_t>(shape[0]);
    const Rng rng(wish.seed, kStream);
    std::string text(prompt);
    Tensor input(DType::F32, shape);
    for (std::int64_t i = 0; i < wish.characters; ++i) {
        const auto seen = std::span(symbols).last(std::min(steps, symbols.size()));
        std::ranges::fill(input.span<float>(), 0.0F);
        std::ranges::transform(seen, input.span<float>().begin(),
                               [](std::int32_t symbol) { return static_cast<float>(symbol); });
        const auto prediction = predictor.predict(input);
        const auto next =
            drawn(std::span(prediction.probabilities)
                      .subspan((seen.size() - 1) * vocabulary.size(), vocabulary.size()),
                  wish.temperature, rng.uniform(static_cast<std::uint64_t>(i)));
        symbols.push_back(static_cast<std::int32_t>(next));
        text += vocabulary[next];
    }
    return text;
}

} // namespace gradwright
