// SPDX-License-Identifier: GPL-3.0-or-later
//
// A libFuzzer target of the reader GRADWRIGHT_FUZZED_READER, see `./dev fuzz`.
#include "tests/fuzz/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto& reader = gradwright::test::fuzzedReader(GRADWRIGHT_FUZZED_READER);
    reader.read({data, size});
    return 0;
}
