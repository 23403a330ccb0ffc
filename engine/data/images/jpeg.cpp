// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"

#include <cstddef>
#include <cstdio>

// jpeglib.h needs the two above before it.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <utility>

namespace gradwright {
namespace {

/// Progressive files can ask for endless passes over a huge image; no camera writes this many.
constexpr int kMaxScans = 200;

void onError(j_common_ptr info);
void onMessage(j_common_ptr info, int level);
void onProgress(j_common_ptr info);

struct Decoder {
    Decoder() {
        info.err = jpeg_std_error(&errors);
        errors.error_exit = onError;
        errors.emit_message = onMessage;
        progress.progress_monitor = onProgress;
        jpeg_create_decompress(&info);
        info.client_data = this;
        info.progress = &progress;
    }
    ~Decoder() { jpeg_destroy_decompress(&info); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    jpeg_decompress_struct info{};
    jpeg_error_mgr errors{};
    jpeg_progress_mgr progress{};
    std::jmp_buf leave{};
    std::array<char, JMSG_LENGTH_MAX> message{};
};

Decoder& decoderOf(j_common_ptr info) {
    return *static_cast<Decoder*>(info->client_data);
}

void onError(j_common_ptr info) {
    auto& decoder = decoderOf(info);
    info->err->format_message(info, decoder.message.data());
    std::longjmp(decoder.leave, 1);
}

/// libjpeg fills what is missing with gray and only warns; here missing data is an error.
void onMessage(j_common_ptr info, int level) {
    const auto code = info->err->msg_code;
    if (level < 0 &&
        (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE))
        onError(info);
}

void onProgress(j_common_ptr info) {
    if (!info->is_decompressor)
        return;
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
        std::strcpy(decoderOf(info).message.data(), "it has too many scans");
        std::longjmp(decoderOf(info).leave, 1);
    }
}

std::uint32_t number(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t length,
                     bool littleEndian) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < length; ++i)
        value = (value << 8) | bytes[at + (littleEndian ? length - 1 - i : i)];
    return value;
}

/// The camera's orientation, 1 (upright) to 8, from an APP1 marker; 0 when it does not say.
int exifOrientation(std::span<const std::uint8_t> marker) {
    constexpr std::size_t tiff = 6;
    constexpr std::uint32_t orientationTag = 0x0112;
    if (marker.size() < tiff + 8 || std::memcmp(marker.data(), "Exif\0\0", tiff) != 0)
        return 0;
    const auto data = marker.subspan(tiff);
    const bool little = data[0] == 'I';
    const std::size_t directory = number(data, 4, 4, little);
    if (directory > data.size() || data.size() - directory < 2)
        return 0;
    const auto entries = number(data, directory, 2, little);
    for (std::size_t i = 0; i < entries; ++i) {
        const auto entry = directory + 2 + 12 * i;
        if (entry + 12 > data.size())
            return 0;
        if (number(data, entry, 2, little) == orientationTag) {
            const auto value = number(data, entry + 8, 2, little);
            return value >= 1 && value <= 8 ? static_cast<int>(value) : 0;
        }
    }
    return 0;
}

/// The two steps of libjpeg. Errors leave by longjmp, so nothing within them has a destructor.
bool readJpegHeader(Decoder& decoder, std::span<const std::uint8_t> file,
                    const PictureRequest& request) {
    if (setjmp(decoder.leave) != 0)
        return false;
    auto& info = decoder.info;
    jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
    jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&info, TRUE);
    const bool isInked = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = isInked ? JCS_CMYK : request.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    const auto shorter = static_cast<std::int64_t>(std::min(info.image_width, info.image_height));
    info.scale_num = 1;
    info.scale_denom = 1;
    while (request.side > 0 && info.scale_denom < 8 &&
           shorter / (2 * info.scale_denom) >= 2 * request.side)
        info.scale_denom *= 2;
    jpeg_calc_output_dimensions(&info);
    return true;
}

bool readPixels(Decoder& decoder, std::uint8_t* pixels) {
    if (setjmp(decoder.leave) != 0)
        return false;
    auto& info = decoder.info;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = pixels + std::size_t{info.output_scanline} * info.output_width *
                                    static_cast<std::size_t>(info.output_components);
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
}

int orientationOf(const Decoder& decoder) {
    for (auto* marker = decoder.info.marker_list; marker; marker = marker->next)
        if (const auto found = exifOrientation({marker->data, marker->data_length}))
            return found;
    return 1;
}

/// Cyan, magenta, yellow and black as red, green and blue, or as gray by luminance. Adobe's
/// programs store how much of each ink is missing.
std::vector<std::uint8_t> withoutInks(std::span<const std::uint8_t> inks, bool areInverted,
                                      std::int64_t channels) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(inks.size() / 4 * static_cast<std::size_t>(channels));
    for (std::size_t i = 0; i + 3 < inks.size(); i += 4) {
        const auto light = [&](std::size_t ink) {
            const int stored = inks[i + ink];
            return areInverted ? stored : 255 - stored;
        };
        std::array<int, 3> colour{};
        for (std::size_t c = 0; c < 3; ++c)
            colour[c] = (light(c) * light(3) + 127) / 255;
        if (channels == 3)
            for (const auto value : colour)
                bytes.push_back(static_cast<std::uint8_t>(value));
        else
            bytes.push_back(static_cast<std::uint8_t>(
                (299 * colour[0] + 587 * colour[1] + 114 * colour[2] + 500) / 1000));
    }
    return bytes;
}

/// Turns what the camera stored upright. Orientations from 5 on swap the sides.
Picture upright(const Picture& stored, int orientation) {
    const bool swapped = orientation >= 5;
    auto picture = stored;
    if (swapped)
        std::swap(picture.width, picture.height);
    const auto channels = static_cast<std::size_t>(stored.channels);
    auto* to = picture.bytes.data();
    for (std::int64_t y = 0; y < picture.height; ++y)
        for (std::int64_t x = 0; x < picture.width; ++x) {
            auto fromX = swapped ? y : x;
            auto fromY = swapped ? x : y;
            if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
                fromX = stored.width - 1 - fromX;
            if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
                fromY = stored.height - 1 - fromY;
            const auto from = static_cast<std::size_t>(fromY * stored.width + fromX) * channels;
            to = std::copy_n(stored.bytes.data() + from, channels, to);
        }
    return picture;
}

} // namespace

Picture decodeJpeg(std::span<const std::uint8_t> file, const std::string& name,
                   const PictureRequest& request) {
    Decoder decoder;
    if (!readJpegHeader(decoder, file, request))
        throw Error("{}: this JPEG image is broken: {}", name, decoder.message.data());
    checkImageSize(decoder.info.image_width, decoder.info.image_height, name);
    const auto orientation = orientationOf(decoder); // finishing frees the markers
    const bool isInked = decoder.info.out_color_space == JCS_CMYK;
    Picture picture{decoder.info.output_width, decoder.info.output_height, request.channels, {}};
    picture.bytes.resize(static_cast<std::size_t>(picture.width * picture.height *
                                                  (isInked ? 4 : picture.channels)));
    if (!readPixels(decoder, picture.bytes.data()))
        throw Error("{}: this JPEG image is broken or cut short: {}", name, decoder.message.data());
    if (isInked)
        picture.bytes =
            withoutInks(picture.bytes, decoder.info.saw_Adobe_marker != 0, request.channels);
    return orientation == 1 ? picture : upright(picture, orientation);
}

} // namespace gradwright
