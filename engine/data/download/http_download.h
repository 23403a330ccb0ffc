// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace gradwright {

/// Told how many bytes of a file are there, of how many; 0 of these while that is not known.
using DownloadProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// The MD5 sum of a file, in hexadecimal digits. Throws Error where it cannot be read.
std::string md5Of(const std::filesystem::path& file);

/// Whether downloads are possible: libcurl is opened when it is needed.
bool canDownload();

/// Downloads a file and puts it in place once its MD5 sum is right. What has arrived lies in
/// `file` + ".part" until then: a later call takes up there, where the server can. Returns false
/// when stopped. Throws Error naming the address and what is wrong; a file that arrived whole with
/// another sum is removed.
bool downloadFile(const std::string& address, const std::filesystem::path& file,
                  const std::string& md5, const DownloadProgress& progress = {},
                  const std::stop_token& stop = {});

} // namespace gradwright
