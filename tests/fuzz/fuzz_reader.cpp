// SPDX-License-Identifier: GPL-3.0-or-later
//
// A libFuzzer target of the reader GRADWRIGHT_FUZZED_READER among GRADWRIGHT_FUZZED_READERS(), see
// `./dev fuzz`.
#include "tests/fuzz/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gradwright::test;
    static const auto& reader = readerNamed(GRADWRIGHT_FUZZED_READERS(), GRADWRIGHT_FUZZED_READER);
    reader.read({data, size});
    return 0;
}
