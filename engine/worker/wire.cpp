// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/wire.h"

#include "engine/support/error.h"

#include <cstring>
#include <limits>

namespace gradwright {

void WireWriter::put(std::string_view text) {
    put(std::as_bytes(std::span(text.data(), text.size())));
}

void WireWriter::put(std::span<const std::byte> bytes) {
    put(static_cast<std::int64_t>(bytes.size()));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::span<const std::byte> WireReader::take(std::size_t bytes) {
    if (bytes > rest_.size())
        throw Error("a message ends {} bytes too early", bytes - rest_.size());
    const auto taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
}

bool WireReader::boolean() {
    const auto value = std::to_integer<int>(take(1)[0]);
    if (value > 1)
        throw Error("a message has {} where 0 or 1 is expected", value);
    return value == 1;
}

std::int64_t WireReader::integer() {
    std::int64_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
}

std::int64_t WireReader::integer(std::int64_t least, std::int64_t most) {
    const auto value = integer();
    if (value < least || value > most)
        throw Error("a message has {} where {} to {} is expected", value, least, most);
    return value;
}

double WireReader::real() {
    double value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
}

std::span<const std::byte> WireReader::data() {
    return take(static_cast<std::size_t>(integer(0, std::numeric_limits<std::int64_t>::max())));
}

std::string WireReader::text() {
    const auto bytes = data();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::size_t WireReader::count(std::size_t bytesEach) {
    const auto most = static_cast<std::int64_t>(rest_.size() / bytesEach);
    return static_cast<std::size_t>(integer(0, most));
}

void WireReader::end() const {
    if (!rest_.empty())
        throw Error("a message is {} bytes too long", rest_.size());
}

} // namespace gradwright
