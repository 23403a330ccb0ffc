// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/text_writer.h"

#include "engine/data/text/text_corpus.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gradwright {
namespace {

/// Beside the purposes that rng.h names.
constexpr auto kStream = RngStream::Text;

/// softmax(logits / temperature) of all but the unknown character, times an unknown factor.
std::vector<double> weightsOf(std::span<const float> probabilities, double temperature) {
    std::vector<double> weights;
    for (const auto probability : probabilities.subspan(1))
        weights.push_back(std::pow(double{probability}, 1 / temperature));
    return weights;
}

std::size_t likeliestOf(std::span<const float> probabilities) {
    const auto known = probabilities.subspan(1);
    return 1 + static_cast<std::size_t>(std::ranges::max_element(known) - known.begin());
}

/// The unknown character, which stands first, is never drawn.
std::size_t drawn(std::span<const float> probabilities, double temperature, double chance) {
    if (temperature <= 0)
        return likeliestOf(probabilities);
    const auto weights = weightsOf(probabilities, temperature);
    double rest = chance * std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        rest -= weights[i];
        if (rest < 0)
            return 1 + i;
    }
    return likeliestOf(probabilities);
}

std::vector<std::int32_t> symbolsOf(const Predictor& predictor,
                                    const std::vector<std::string>& vocabulary,
                                    std::string_view text) {
    if (!continuesText(predictor.inputShape(), predictor.classes(), vocabulary.size()))
        throw Error(
            "only a network that guesses the next character at each step can continue a text");
    auto symbols = encodeText(text, vocabulary);
    if (symbols.empty())
        throw Error("a text to continue must have at least one character");
    return symbols;
}

std::vector<float> nextSymbol(Predictor& predictor, std::size_t vocabulary,
                              std::span<const std::int32_t> symbols) {
    const auto steps = static_cast<std::size_t>(predictor.inputShape()[0]);
    const auto seen = symbols.last(std::min(steps, symbols.size()));
    Tensor input(DType::F32, predictor.inputShape());
    std::ranges::fill(input.span<float>(), 0.0F);
    std::ranges::transform(seen, input.span<float>().begin(),
                           [](std::int32_t symbol) { return static_cast<float>(symbol); });
    const auto prediction = predictor.predict(input);
    const auto next =
        std::span(prediction.probabilities).subspan((seen.size() - 1) * vocabulary, vocabulary);
    return {next.begin(), next.end()};
}

} // namespace

bool continuesText(const Shape& input, std::size_t classes, std::size_t vocabulary) {
    return input.rank() == 1 && vocabulary >= 2 &&
           classes == static_cast<std::size_t>(input[0]) * vocabulary;
}

std::vector<float> nextCharacter(Predictor& predictor, const std::vector<std::string>& vocabulary,
                                 std::string_view text) {
    return nextSymbol(predictor, vocabulary.size(), symbolsOf(predictor, vocabulary, text));
}

std::vector<double> temperedProbabilities(std::span<const float> probabilities,
                                          double temperature) {
    std::vector<double> result(probabilities.size(), 0.0);
    const auto weights = temperature > 0 ? weightsOf(probabilities, temperature)
                                         : std::vector<double>(probabilities.size() - 1, 0.0);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (!(sum > 0)) { // all too small to be held, or nothing is left to chance
        result[likeliestOf(probabilities)] = 1;
        return result;
    }
    std::ranges::transform(weights, result.begin() + 1, [sum](double w) { return w / sum; });
    return result;
}

std::string continueText(Predictor& predictor, const std::vector<std::string>& vocabulary,
                         std::string_view prompt, const TextWish& wish, const TextSink& sink) {
    auto symbols = symbolsOf(predictor, vocabulary, prompt);
    const Rng rng(wish.seed, kStream);
    std::string text(prompt);
    for (std::int64_t i = 0; i < wish.characters; ++i) {
        const auto next = drawn(nextSymbol(predictor, vocabulary.size(), symbols), wish.temperature,
                                rng.uniform(static_cast<std::uint64_t>(i)));
        symbols.push_back(static_cast<std::int32_t>(next));
        text += vocabulary[next];
        if (sink && !sink(vocabulary[next]))
            break;
    }
    return text;
}

} // namespace gradwright
