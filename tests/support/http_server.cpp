// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace gradwright::test {

HttpServer::HttpServer()
    : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(socket_, 8) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("no port to listen on");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
    ends_ = true;
    thread_.join();
    close(socket_);
}

std::string HttpServer::address() const {
    return fmt::format("http://127.0.0.1:{}/", port_);
}

void HttpServer::put(const std::string& name, File file) {
    const std::lock_guard lock(mutex_);
    files_[name] = std::move(file);
}

std::vector<std::string> HttpServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void HttpServer::serve() {
    while (!ends_) {
        pollfd ready{socket_, POLLIN, 0};
        if (poll(&ready, 1, 20) <= 0)
            continue;
        const int connection = accept(socket_, nullptr, nullptr);
        if (connection < 0)
            continue;
        answer(connection);
        close(connection);
    }
}

void HttpServer::answer(int connection) {
    std::string request;
    std::array<char, 4096> buffer{};
    while (request.find("\r\n\r\n") == std::string::npos) {
        const auto got = read(connection, buffer.data(), buffer.size());
        if (got <= 0)
            return;
        request.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const auto name = request.substr(5, request.find(' ', 5) - 5); // "GET /name HTTP/1.1"
    const auto range = request.find("Range: bytes=");
    const auto from = range == std::string::npos ? 0UL : std::stoul(request.substr(range + 13));
    File file;
    bool isThere = false;
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(fmt::format("{} {}", name, from));
        if (const auto found = files_.find(name); found != files_.end()) {
            isThere = true;
            file = found->second;
            if (found->second.timesDropped > 0) {
                --found->second.timesDropped;
                return;
            }
        }
    }
    const auto sendAll = [&](std::string_view text) {
        while (!text.empty() && !ends_) {
            const auto sent = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    };
    constexpr std::string_view empty = "Content-Length: 0\r\nConnection: close\r\n\r\n";
    if (!isThere) {
        sendAll(fmt::format("HTTP/1.1 404 Not Found\r\n{}", empty));
        return;
    }
    const bool isPart = file.takesRanges && range != std::string::npos;
    if (isPart && from >= file.bytes.size()) {
        sendAll(fmt::format("HTTP/1.1 416 Range Not Satisfiable\r\n{}", empty));
        return;
    }
    std::string_view body = file.bytes;
    if (isPart)
        body.remove_prefix(from);
    auto head = fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n",
                            isPart ? "206 Partial Content" : "200 OK", body.size());
    if (isPart)
        head += fmt::format("Content-Range: bytes {}-{}/{}\r\n", from, file.bytes.size() - 1,
                            file.bytes.size());
    if (!sendAll(head + "\r\n"))
        return;
    if (file.mostSent > 0)
        body = body.substr(0, file.mostSent);
    while (!body.empty() && !ends_) {
        const auto piece = file.pause > 0 ? body.substr(0, 1024) : body;
        if (!sendAll(piece))
            return;
        body.remove_prefix(piece.size());
        std::this_thread::sleep_for(std::chrono::milliseconds(file.pause));
    }
}

} // namespace gradwright::test
