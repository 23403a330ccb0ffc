// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/readers.h"

#include <algorithm>
#include <stdexcept>

namespace gradwright::test {

const FuzzedReader& readerNamed(std::span<const FuzzedReader> readers, std::string_view name) {
    const auto found = std::ranges::find(readers, name, &FuzzedReader::name);
    if (found == readers.end())
        throw std::out_of_range("no reader is called " + std::string(name));
    return *found;
}

} // namespace gradwright::test
