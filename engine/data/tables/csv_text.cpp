// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_text.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMostOfLine = std::size_t{1} << 30;
/// Text shrinks to about so much of itself when it is packed.
constexpr std::size_t kUsualRatio = 4;

/// Where a text can be cut behind a line; 0 where it cannot. "\r\n" is one end of a line.
std::size_t lastLineEnd(std::string_view text) {
    if (const auto end = text.rfind('\n'); end != std::string_view::npos)
        return end + 1;
    if (text.size() < 2)
        return 0;
    const auto end = text.rfind('\r', text.size() - 2);
    return end == std::string_view::npos ? 0 : end + 1;
}

} // namespace

CsvText::CsvText(std::string_view text)
    : maker_(TextEncoding::Utf8)
    , head_(text) {}

CsvText::CsvText(const std::filesystem::path& path, TextEncoding from)
    : file_(std::make_unique<ByteReader>(path))
    , maker_(from)
    , isUtf8_(from == TextEncoding::Utf8) {
    std::size_t used = 0;
    const auto hasLine = [&] {
        return std::string_view(read_).substr(0, used).find_first_of("\r\n") !=
               std::string_view::npos;
    };
    while (file_ && (used < kHead || !hasLine()))
        static_cast<void>(readInto(read_, used, std::max(kHead, used)));
    head_ = std::string_view(read_).substr(0, used);
}

void CsvText::removePrefix(std::size_t bytes) {
    head_.remove_prefix(bytes);
    offset_ += bytes;
}

std::size_t CsvText::left() const {
    if (!file_)
        return head_.size();
    const auto size = static_cast<std::size_t>(std::max<std::int64_t>(0, file_->fileSize())) *
                      (file_->isGzip() ? kUsualRatio : 1);
    return std::max(size - std::min(size, offset_), head_.size());
}

std::string_view CsvText::next(std::size_t size, std::string& buffer) {
    if (!file_)
        return takeHead(size);
    if (head_.size() > size)
        if (const auto cut = lastLineEnd(head_.substr(0, size)); cut > 0) {
            buffer.assign(takeHead(cut)); // what has been read makes way for what follows
            return buffer;
        }
    // It stays as large as it has been, so that bytes are not set before they are read.
    auto used = head_.size();
    if (buffer.size() < used)
        buffer.resize(used);
    std::ranges::copy(head_, buffer.begin());
    for (;;) {
        const bool goesOn = readInto(buffer, used, std::max(size, used));
        const auto all = std::string_view(buffer).substr(0, used);
        const auto cut = goesOn ? lastLineEnd(all) : used;
        if (goesOn && cut == 0) {
            if (used > kMostOfLine)
                throw Error("a line has more than {} bytes", kMostOfLine);
            continue;
        }
        read_ = all.substr(cut);
        head_ = read_;
        offset_ += cut;
        return all.substr(0, cut);
    }
}

std::string_view CsvText::takeHead(std::size_t size) {
    auto end = head_.size();
    if (end > size) {
        end = lastLineEnd(head_.substr(0, size));
        if (end == 0) // a line that is longer
            end = std::min(head_.find('\n', size), head_.size() - 1) + 1;
    }
    const auto piece = head_.substr(0, end);
    head_.remove_prefix(end);
    offset_ += end;
    return piece;
}

/// Puts up to `size` bytes of the file, in UTF-8, behind those that are used; false when it has
/// ended.
bool CsvText::readInto(std::string& buffer, std::size_t& used, std::size_t size) {
    if (buffer.size() < used + size)
        buffer.resize(used + size);
    const auto got =
        file_->read(std::span(reinterpret_cast<std::uint8_t*>(buffer.data()) + used, size));
    if (isUtf8_) {
        used += got;
    } else {
        const auto part = buffer.substr(used, got);
        buffer.resize(used);
        maker_.add(part, buffer);
        used = buffer.size();
    }
    if (got == size)
        return true;
    file_->requireWholeStream();
    file_.reset();
    return false;
}

} // namespace gradwright
