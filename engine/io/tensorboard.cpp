// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/tensorboard.h"

#include "engine/io/crc32c.h"
#include "engine/support/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <event.pb.h>
#include <string>

namespace gradwright {
namespace {

std::string hostName() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
        return "localhost";
    return name.data();
}

double secondsSince1970(TensorBoardWriter::Time time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

template <class Number>
void appendLittleEndian(std::string& text, Number number) {
    for (std::size_t byte = 0; byte < sizeof(Number); ++byte)
        text.push_back(static_cast<char>((number >> (8 * byte)) & 255U));
}

/// TFRecord masks its checksums, so that records may themselves contain checksums.
std::uint32_t maskedCrc(std::string_view bytes) {
    return std::rotr(crc32c(bytes), 15) + 0xa282ead8U;
}

} // namespace

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& folder, Time time,
                                     std::int64_t firstStep) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
    const auto name = fmt::format("events.out.tfevents.{:010}.{}", seconds, hostName());
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC;
    for (int attempt = 1; attempt < 1000 && !file_; ++attempt) {
        path_ = folder / (attempt == 1 ? name : fmt::format("{}.{}", name, attempt));
        file_ = UniqueFd(::open(path_.c_str(), flags, 0666));
        if (!file_ && errno != EEXIST)
            break;
    }
    if (!file_)
        throw Error("{}: cannot be made ({})", path_.string(), errorText(errno));
    tensorboard::Event event;
    event.set_wall_time(secondsSince1970(time));
    event.set_file_version("brain.Event:2");
    writeRecord(event.SerializeAsString());
    event.set_step(firstStep);
    event.mutable_session_log()->set_status(tensorboard::SessionLog::START); // clears the version
    writeRecord(event.SerializeAsString());
}

void TensorBoardWriter::scalar(std::string_view tag, std::int64_t step, double value, Time time) {
    tensorboard::Event event;
    event.set_wall_time(secondsSince1970(time));
    event.set_step(step);
    auto& entry = *event.mutable_summary()->add_value();
    entry.set_tag(std::string(tag));
    entry.set_simple_value(static_cast<float>(value));
    writeRecord(event.SerializeAsString());
}

void TensorBoardWriter::writeRecord(std::string_view event) {
    std::string record;
    appendLittleEndian(record, std::uint64_t{event.size()});
    appendLittleEndian(record, maskedCrc(record));
    record += event;
    appendLittleEndian(record, maskedCrc(event));
    const int failure = appendWhole(file_.get(), size_, std::as_bytes(std::span(record)));
    if (failure != 0)
        throw Error("{}: cannot be written ({})", path_.string(), errorText(failure));
    size_ += record.size();
}

} // namespace gradwright
