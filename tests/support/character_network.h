// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/network_builder.h"

namespace gradwright::test {

/// Predicts after each of `steps` characters which one of the vocabulary follows: an embedding, a
/// small LSTM and a Dense layer for the scores.
inline Network characterNetwork(std::int64_t steps, std::int64_t vocabulary) {
    NetworkBuilder b;
    const auto letters = b.layer("input", {{"shape", IntTuple{steps}}}, "letters");
    const auto embedding = b.after(letters, "embedding",
                                   {{"dimensions", std::int64_t{8}}, {"vocabulary", vocabulary}});
    const auto lstm = b.after(embedding, "lstm", {{"units", std::int64_t{24}}});
    b.after(b.after(lstm, "dense", {{"units", vocabulary}}, "scores"), "output", {}, "next");
    return std::move(b.network);
}

} // namespace gradwright::test
