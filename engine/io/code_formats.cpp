// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/code_formats.h"

#include "engine/io/keras_writer.h"
#include "engine/io/pytorch_writer.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {

const std::vector<CodeFormat>& codeFormats() {
    static const std::vector<CodeFormat> all = {
        {"pytorch", "PyTorch", ".py", pytorchFile},
        {"keras", "Keras", ".py", kerasFile},
    };
    return all;
}

const CodeFormat& codeFormat(std::string_view key) {
    const auto found = std::ranges::find(codeFormats(), key, &CodeFormat::key);
    if (found != codeFormats().end())
        return *found;
    std::string known;
    for (const auto& format : codeFormats())
        known += (known.empty() ? "" : ", ") + format.key;
    throw Error("there is no format \"{}\"; known are {}", key, known);
}

} // namespace gradwright
