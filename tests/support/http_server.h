// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gradwright::test {

/// A server on this computer that sends files by HTTP/1.1, and goes wrong where it is told to.
class HttpServer {
public:
    HttpServer();
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// "http://127.0.0.1:1234/"; files lie directly behind it.
    [[nodiscard]] std::string address() const;

    struct File {
        std::string bytes;
        bool takesRanges = true;
        /// Of each answer only so many bytes are sent before the connection is closed; 0: all.
        std::size_t mostSent = 0;
        /// The connection is closed without an answer so many times.
        int timesDropped = 0;
        int pause = 0; ///< ms between two KiB
    };
    void put(const std::string& name, File file);
    /// The ranges that have been asked for, as "name 123" for those from byte 123 on.
    [[nodiscard]] std::vector<std::string> requests() const;

private:
    void serve();
    void answer(int connection);

    int socket_ = -1;
    int port_ = 0;
    mutable std::mutex mutex_;
    std::map<std::string, File> files_;
    std::vector<std::string> requests_;
    std::atomic<bool> ends_ = false;
    std::thread thread_;
};

} // namespace gradwright::test
