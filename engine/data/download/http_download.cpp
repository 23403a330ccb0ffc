// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/download/http_download.h"

#include "engine/support/error.h"
#include "engine/support/md5.h"
#include "engine/support/shared_library.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

/// The functions of libcurl that are needed, as its curl.h declares them.
struct Curl {
    int (*globalInit)(long flags) = nullptr;
    void* (*init)() = nullptr;
    int (*set)(void* handle, int option, ...) = nullptr;
    int (*perform)(void* handle) = nullptr;
    int (*get)(void* handle, int info, ...) = nullptr;
    const char* (*reason)(int code) = nullptr;
    void (*cleanup)(void* handle) = nullptr;
    bool isThere = false;

    Curl() {
        constexpr long kGlobalAll = 3;
        isThere = openLibrary("libcurl.so.4", {{"curl_global_init", globalInit},
                                               {"curl_easy_init", init},
                                               {"curl_easy_setopt", set},
                                               {"curl_easy_perform", perform},
                                               {"curl_easy_getinfo", get},
                                               {"curl_easy_strerror", reason},
                                               {"curl_easy_cleanup", cleanup}}) &&
                  globalInit(kGlobalAll) == 0;
    }
};

const Curl& curl() {
    static const Curl one;
    return one;
}

// Numbers of curl.h, which are a part of libcurl's binary interface.
constexpr int kWriteData = 10001;
constexpr int kAddress = 10002;
constexpr int kReasonBuffer = 10010;
constexpr int kUserAgent = 10018;
constexpr int kProgressData = 10057;
constexpr int kWriteFunction = 20011;
constexpr int kProgressFunction = 20219;
constexpr int kLowSpeedLimit = 19;
constexpr int kLowSpeedTime = 20;
constexpr int kNoProgress = 43;
constexpr int kFailOnError = 45;
constexpr int kFollowLocation = 52;
constexpr int kMostRedirections = 68;
constexpr int kConnectTimeout = 78;
constexpr int kNoSignal = 99;
constexpr int kProtocols = 181;
constexpr int kRedirectionProtocols = 182;
constexpr int kResumeFrom = 30116;
constexpr int kResponseCode = 0x200002;
constexpr long kHttpAndHttps = 3;

constexpr int kPartialFile = 18;
constexpr int kHttpError = 22;
constexpr int kWriteError = 23;
constexpr int kRangeError = 33;
constexpr int kAborted = 42;

constexpr long kRangeBeyondEnd = 416; ///< HTTP
constexpr int kMostTries = 4;

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePointer = std::unique_ptr<std::FILE, CloseFile>;

struct Transfer {
    std::FILE* file = nullptr;
    std::int64_t before = 0; ///< bytes that were there
    const DownloadProgress* progress = nullptr;
    std::stop_token stop{};
};

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* transfer) {
    return std::fwrite(bytes, size, count, static_cast<Transfer*>(transfer)->file);
}

int report(void* transfer, std::int64_t all, std::int64_t done, std::int64_t, std::int64_t) {
    const auto& [file, before, progress, stop] = *static_cast<Transfer*>(transfer);
    if (*progress && done > 0)
        (*progress)(before + done, all > 0 ? before + all : 0);
    return stop.stop_requested() ? 1 : 0;
}

struct Outcome {
    int code = 0;
    long response = 0;
    std::string reason;
};

/// Adds what the server sends from the size of the part on.
Outcome transferTo(const fs::path& part, const std::string& address,
                   const DownloadProgress& progress, const std::stop_token& stop) {
    std::error_code error;
    auto before = static_cast<std::int64_t>(fs::file_size(part, error));
    if (error)
        before = 0;
    const FilePointer file(std::fopen(part.c_str(), before > 0 ? "ab" : "wb"));
    if (!file)
        throw Error("{}: cannot be written: {}", part.string(), std::strerror(errno));
    Transfer transfer{file.get(), before, &progress, stop};
    const std::unique_ptr<void, void (*)(void*)> handle(curl().init(), curl().cleanup);
    if (!handle)
        throw Error("libcurl cannot be used");
    std::array<char, 256> reason{};
    const auto set = [&](int option, auto value) { curl().set(handle.get(), option, value); };
    set(kAddress, address.c_str());
    set(kWriteFunction, &take);
    set(kWriteData, &transfer);
    set(kProgressFunction, &report);
    set(kProgressData, &transfer);
    set(kNoProgress, 0L);
    set(kReasonBuffer, reason.data());
    set(kFailOnError, 1L);
    set(kFollowLocation, 1L);
    set(kMostRedirections, 8L);
    set(kProtocols, kHttpAndHttps);
    set(kRedirectionProtocols, kHttpAndHttps);
    set(kUserAgent, "gradwright");
    set(kConnectTimeout, 30L);
    set(kLowSpeedLimit, 1L); // nothing for so many seconds is a connection that is dead
    set(kLowSpeedTime, 60L);
    set(kNoSignal, 1L);
    if (before > 0)
        set(kResumeFrom, before);
    Outcome outcome;
    outcome.code = curl().perform(handle.get());
    curl().get(handle.get(), kResponseCode, &outcome.response);
    outcome.reason = reason[0] != '\0' ? reason.data() : curl().reason(outcome.code);
    if (std::fflush(file.get()) != 0 || outcome.code == kWriteError)
        throw Error("{}: cannot be written; is the disk full?", part.string());
    return outcome;
}

std::int64_t sizeOf(const fs::path& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    return error ? 0 : static_cast<std::int64_t>(size);
}

} // namespace

std::string md5Of(const fs::path& file) {
    const FilePointer stream(std::fopen(file.c_str(), "rb"));
    if (!stream)
        throw Error("{}: cannot be read: {}", file.string(), std::strerror(errno));
    Md5 sum;
    std::vector<std::uint8_t> bytes(std::size_t{1} << 18);
    while (const auto got = std::fread(bytes.data(), 1, bytes.size(), stream.get()))
        sum.add(std::span(bytes).first(got));
    if (std::ferror(stream.get()) != 0)
        throw Error("{}: cannot be read", file.string());
    return sum.hex();
}

bool canDownload() {
    return curl().isThere;
}

bool downloadFile(const std::string& address, const fs::path& file, const std::string& md5,
                  const DownloadProgress& progress, const std::stop_token& stop) {
    if (!canDownload())
        throw Error("downloads need libcurl (the package libcurl4), which is not installed");
    auto part = file;
    part += ".part";
    for (int tries = 1;; ++tries) {
        const auto before = sizeOf(part);
        const auto outcome = transferTo(part, address, progress, stop);
        if (outcome.code == kAborted)
            return false;
        if (outcome.code == 0 || outcome.response == kRangeBeyondEnd)
            break;
        // A server that cannot go on begins anew.
        if (outcome.code == kRangeError && tries < kMostTries) {
            fs::remove(part);
            continue;
        }
        const auto after = sizeOf(part);
        if (outcome.code != kHttpError && after > before && tries < kMostTries)
            continue;
        if (outcome.code == kHttpError)
            throw Error("{}: the server answers with {}{}", address, outcome.response,
                        outcome.response == 404 ? " (no such file)" : "");
        throw Error(
            "{}: {}{}", address,
            outcome.code == kPartialFile ? "the connection ended too early" : outcome.reason,
            after > 0 ? fmt::format("; {} bytes are kept, and another try continues there", after)
                      : "");
    }
    if (const auto found = md5Of(part); found != md5) {
        fs::remove(part);
        throw Error("{}: what arrived has the MD5 sum {}, not {}, and was removed; it is another "
                    "file, or was damaged on its way",
                    address, found, md5);
    }
    fs::rename(part, file);
    return true;
}

} // namespace gradwright
