// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

namespace gradwright {

std::optional<std::string> inflated(std::string_view packed, std::size_t size) {
    std::string result(size, '\0');
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return {};
    const std::unique_ptr<z_stream, int (*)(z_stream*)> ender(&stream, inflateEnd);
    constexpr std::size_t atOnce = std::size_t{1} << 30; // zlib counts in 32 bits
    std::size_t in = 0;
    std::size_t out = 0;
    int state = Z_OK;
    while (state == Z_OK) {
        const auto given = std::min(atOnce, packed.size() - in);
        const auto room = std::min(atOnce, result.size() - out);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + in));
        stream.avail_in = static_cast<uInt>(given);
        stream.next_out = reinterpret_cast<Bytef*>(result.data() + out);
        stream.avail_out = static_cast<uInt>(room);
        state = inflate(&stream, Z_NO_FLUSH);
        in += given - stream.avail_in;
        out += room - stream.avail_out;
        if (state == Z_OK && given == stream.avail_in && room == stream.avail_out)
            return {};
    }
    if (state != Z_STREAM_END || out != result.size())
        return {};
    return result;
}

} // namespace gradwright
