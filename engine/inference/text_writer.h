// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/predictor.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

struct TextWish {
    std::int64_t characters = 200; ///< to be added
    double temperature = 1; ///< below 1 keeps to what is likely; 0 always takes the likeliest
    std::uint64_t seed = 1;
};

/// Gets each character as soon as it is written; false ends the text.
using TextSink = std::function<bool(std::string_view character)>;

/// Whether a network of `classes` outputs per sample of this shape predicts the next character of
/// `vocabulary` after each one that it reads.
bool continuesText(const Shape& input, std::size_t classes, std::size_t vocabulary);

/// The probability of each character of the vocabulary to follow `text`, of which the network sees
/// the last input-shape characters. Throws Error when the text is empty or the network is of
/// another kind.
std::vector<float> nextCharacter(Predictor& predictor, const std::vector<std::string>& vocabulary,
                                 std::string_view text);

/// What characters are drawn with: softmax(logits / temperature) without the unknown character,
/// which stands first and gets 0. A temperature of 0 leaves the likeliest one alone.
std::vector<double> temperedProbabilities(std::span<const float> probabilities, double temperature);

/// Continues a text, a character at a time, by a network that predicts at each step what follows
/// it. The network must not look ahead (no bidirectional layer), since what is behind the last
/// character is empty. Throws Error when the prompt is empty or the network is of another kind.
std::string continueText(Predictor& predictor, const std::vector<std::string>& vocabulary,
                         std::string_view prompt, const TextWish& wish, const TextSink& sink = {});

} // namespace gradwright
