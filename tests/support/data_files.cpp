// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/data_files.h"

#include "engine/support/error.h"

#include <cstdio>
// jpeglib.h needs the one above before it.
#include <jpeglib.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace gradwright::test {
namespace {

void append(Bytes& to, const Bytes& bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

Bytes bigEndian(std::uint32_t value) {
    return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
            static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

void appendChunk(Bytes& file, const char* type, const Bytes& content) {
    Bytes checked(type, type + 4);
    append(checked, content);
    append(file, bigEndian(static_cast<std::uint32_t>(content.size())));
    append(file, checked);
    append(file, bigEndian(static_cast<std::uint32_t>(
                     crc32(0, checked.data(), static_cast<uInt>(checked.size())))));
}

Bytes exif(int orientation) {
    return {
        'E', 'x', 'i', 'f',  0,    0, 'M', 'M', 0, 42, 0, 0, 0,
        8,   0,   1,   0x01, 0x12, 0, 3,   0,   0, 0,  1, 0, static_cast<std::uint8_t>(orientation),
        0,   0,   0,   0,    0,    0};
}

} // namespace

void writeFile(const std::filesystem::path& path, const Bytes& bytes) {
    std::ofstream stream(path, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush())
        throw Error("{}: the test cannot write it", path.string());
}

Bytes readFile(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

Bytes gzip(const Bytes& bytes) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    Bytes packed(deflateBound(&stream, static_cast<uLong>(bytes.size())));
    Bytes source = bytes;
    stream.next_in = source.data();
    stream.avail_in = static_cast<uInt>(source.size());
    stream.next_out = packed.data();
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

Bytes idx(std::uint8_t type, const std::vector<std::uint32_t>& dims, const Bytes& values) {
    Bytes file = {0, 0, type, static_cast<std::uint8_t>(dims.size())};
    for (const auto dim : dims)
        append(file, bigEndian(dim));
    append(file, values);
    return file;
}

Bytes png(const PngSpec& spec, const Bytes& scanLines) {
    const auto stride = scanLines.size() / spec.height;
    Bytes filtered;
    for (std::uint32_t y = 0; y < spec.height; ++y) {
        filtered.push_back(0);
        const auto start = scanLines.begin() + static_cast<std::ptrdiff_t>(y * stride);
        filtered.insert(filtered.end(), start, start + static_cast<std::ptrdiff_t>(stride));
    }
    auto size = compressBound(static_cast<uLong>(filtered.size()));
    Bytes packed(size);
    compress(packed.data(), &size, filtered.data(), static_cast<uLong>(filtered.size()));
    packed.resize(size);

    Bytes header = bigEndian(spec.width);
    append(header, bigEndian(spec.height));
    append(header, {spec.bitDepth, spec.colourType, 0, 0, 0});
    Bytes file = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    appendChunk(file, "IHDR", header);
    if (!spec.palette.empty())
        appendChunk(file, "PLTE", spec.palette);
    if (!spec.transparency.empty())
        appendChunk(file, "tRNS", spec.transparency);
    appendChunk(file, "IDAT", packed);
    appendChunk(file, "IEND", {});
    return file;
}

Bytes jpeg(int width, int height, int channels, const Bytes& pixels, int orientation,
           bool progressive) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* memory = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &memory, &size);
    info.image_width = static_cast<JDIMENSION>(width);
    info.image_height = static_cast<JDIMENSION>(height);
    info.input_components = channels;
    info.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 100, TRUE);
    if (progressive)
        jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    if (orientation > 0) {
        const auto marker = exif(orientation);
        jpeg_write_marker(&info, JPEG_APP0 + 1, marker.data(),
                          static_cast<unsigned>(marker.size()));
    }
    Bytes copy = pixels;
    while (info.next_scanline < info.image_height) {
        JSAMPROW row =
            copy.data() + info.next_scanline * static_cast<std::size_t>(width * channels);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    Bytes file(memory, memory + size);
    std::free(memory);
    return file;
}

Bytes cmykJpeg(int width, int height, const Bytes& inks, bool isAdobe, bool isYcck) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* memory = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &memory, &size);
    info.image_width = static_cast<JDIMENSION>(width);
    info.image_height = static_cast<JDIMENSION>(height);
    info.input_components = 4;
    info.in_color_space = JCS_CMYK;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 100, TRUE);
    if (isAdobe && isYcck)
        jpeg_set_colorspace(&info, JCS_YCCK);
    info.write_Adobe_marker = isAdobe ? TRUE : FALSE;
    jpeg_start_compress(&info, TRUE);
    Bytes copy = inks;
    if (isAdobe)
        for (auto& ink : copy)
            ink = static_cast<std::uint8_t>(255 - ink);
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = copy.data() + info.next_scanline * static_cast<std::size_t>(width * 4);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    Bytes file(memory, memory + size);
    std::free(memory);
    return file;
}

std::vector<float> inputOf(const DataSource& source, std::int64_t index) {
    std::vector<float> values(static_cast<std::size_t>(source.shape().elements()));
    source.input(index, values);
    return values;
}

} // namespace gradwright::test
