// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_codecs.h"
#include "engine/support/error.h"
#include "engine/support/shared_library.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

namespace gradwright {
namespace {

using TiffHandle = void; ///< libtiff's TIFF

/// A file in memory that libtiff reads.
struct TiffFile {
    std::span<const std::uint8_t> bytes;
    std::uint64_t place = 0;
};

using TiffBlock = std::ptrdiff_t (*)(void* file, void* out, std::ptrdiff_t bytes);
using TiffSeek = std::uint64_t (*)(void* file, std::uint64_t offset, int from);
using TiffMessage = void (*)(const char* module, const char* format, std::va_list values);

/// The functions of libtiff that are needed, as its tiffio.h declares them.
struct Tiff {
    TiffHandle* (*open)(const char* name, const char* mode, void* file, TiffBlock read,
                        TiffBlock write, TiffSeek seek, int (*close)(void*),
                        std::uint64_t (*size)(void*), int (*map)(void*, void**, std::uint64_t*),
                        void (*unmap)(void*, void*, std::uint64_t)) = nullptr;
    void (*close)(TiffHandle* tiff) = nullptr;
    int (*field)(TiffHandle* tiff, std::uint32_t tag, ...) = nullptr;
    /// Says in up to 1024 bytes why an image cannot be read.
    int (*canRead)(TiffHandle* tiff, char* why) = nullptr;
    int (*read)(TiffHandle* tiff, std::uint32_t width, std::uint32_t height, std::uint32_t* pixels,
                int orientation, int stopAtFaults) = nullptr;
    TiffMessage (*onWarning)(TiffMessage) = nullptr;
    TiffMessage (*onError)(TiffMessage) = nullptr;
    bool isThere = false;

    Tiff() {
        isThere = openLibrary("libtiff.so.6", {{"TIFFClientOpen", open},
                                               {"TIFFClose", close},
                                               {"TIFFGetField", field},
                                               {"TIFFRGBAImageOK", canRead},
                                               {"TIFFReadRGBAImageOriented", read},
                                               {"TIFFSetWarningHandler", onWarning},
                                               {"TIFFSetErrorHandler", onError}});
        if (isThere) { // they would write to standard error
            onWarning(nullptr);
            onError(nullptr);
        }
    }
};

std::ptrdiff_t readTiffBytes(void* file, void* out, std::ptrdiff_t bytes) {
    auto& [all, place] = *static_cast<TiffFile*>(file);
    if (bytes < 0 || place >= all.size())
        return 0;
    const auto count =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(bytes), all.size() - place);
    std::memcpy(out, all.data() + place, count);
    place += count;
    return static_cast<std::ptrdiff_t>(count);
}

std::ptrdiff_t writeNoTiffBytes(void* /*file*/, void* /*out*/, std::ptrdiff_t /*bytes*/) {
    return 0;
}

std::uint64_t seekInTiff(void* file, std::uint64_t offset, int from) {
    auto& [all, place] = *static_cast<TiffFile*>(file);
    place = offset + (from == SEEK_CUR ? place : from == SEEK_END ? all.size() : 0);
    return place;
}

int keepTiffOpen(void* /*file*/) {
    return 0;
}

std::uint64_t sizeOfTiff(void* file) {
    return static_cast<TiffFile*>(file)->bytes.size();
}

int mapNoTiff(void* /*file*/, void** /*base*/, std::uint64_t* /*size*/) {
    return 0;
}

void unmapNoTiff(void* /*file*/, void* /*base*/, std::uint64_t /*size*/) {}

} // namespace

Picture decodeTiff(std::span<const std::uint8_t> file, const std::string& name,
                   const PictureRequest& request) {
    constexpr std::uint32_t kWidth = 256; // tags, and an orientation, of TIFF 6.0
    constexpr std::uint32_t kHeight = 257;
    constexpr int kTopLeft = 1;
    static const Tiff tiff;
    if (!tiff.isThere)
        throw Error("{}: TIFF images need libtiff (the package libtiff6), which is not installed",
                    name);
    TiffFile bytes{file};
    const std::unique_ptr<TiffHandle, void (*)(TiffHandle*)> image(
        tiff.open(name.c_str(), "rm", &bytes, readTiffBytes, writeNoTiffBytes, seekInTiff,
                  keepTiffOpen, sizeOfTiff, mapNoTiff, unmapNoTiff),
        tiff.close);
    if (!image)
        throw Error("{}: this TIFF image is broken", name);
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    tiff.field(image.get(), kWidth, &width);
    tiff.field(image.get(), kHeight, &height);
    checkImageSize(width, height, name);
    std::array<char, 1024> why{};
    if (!tiff.canRead(image.get(), why.data()))
        throw Error("{}: this TIFF image cannot be read ({}); save it as PNG", name, why.data());
    std::vector<std::uint32_t> pixels(static_cast<std::size_t>(width) * height);
    if (!tiff.read(image.get(), width, height, pixels.data(), kTopLeft, 1))
        throw Error("{}: this TIFF image is broken or cut short", name);
    std::vector<std::uint8_t> colours;
    colours.reserve(pixels.size() * 4);
    for (const auto pixel : pixels)
        for (int shift = 0; shift < 32; shift += 8)
            colours.push_back(static_cast<std::uint8_t>(pixel >> shift));
    return pictureFromColours(width, height, onWhite(colours, true), request.channels);
}

} // namespace gradwright
