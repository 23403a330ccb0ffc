// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"

#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

namespace gradwright::test {

/// A folder of its own, removed at the end.
class Folder {
public:
    Folder() { Q_ASSERT(folder_.isValid()); }

    [[nodiscard]] std::filesystem::path path() const { return folder_.path().toStdString(); }
    std::filesystem::path operator/(const std::string& name) const { return path() / name; }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(path()))
            names.push_back(entry.path().filename().string());
        std::ranges::sort(names);
        return names;
    }

private:
    QTemporaryDir folder_;
};

/// The message of the Error that `action` throws; "no error" when it throws none.
template <class Action>
std::string errorOf(Action action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

/// A forked process; killed, if it still runs, when this goes. The tests have one thread, so the
/// child may do as it likes.
class Child {
public:
    template <class Action>
    explicit Child(Action action) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            qFatal("no pipe");
        process_ = ::fork();
        if (process_ == 0) {
            const auto answer = [&](const std::string& text) {
                if (::write(ends[1], text.data(), text.size()) < 0)
                    ::_exit(3);
            };
            try {
                action(answer);
            } catch (const std::exception& error) {
                answer(error.what());
            }
            ::_exit(0);
        }
        ::close(ends[1]);
        output_ = ends[0];
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        kill();
        ::close(output_);
    }

    [[nodiscard]] pid_t id() const { return process_; }

    /// The next piece of its answer; empty when it has ended.
    std::string receive() {
        std::array<char, 4096> text{};
        const auto count = ::read(output_, text.data(), text.size());
        return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }
    void kill() {
        if (process_ <= 0)
            return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }

private:
    pid_t process_ = 0;
    int output_ = -1;
};

} // namespace gradwright::test

/// The Error of `action` contains `fragment`; what came instead is shown.
#define VERIFY_ERROR(fragment, action)                                                             \
    do {                                                                                           \
        const auto message = gradwright::test::errorOf([&] { static_cast<void>(action); });        \
        QVERIFY2(message.find(fragment) != std::string::npos, message.c_str());                    \
    } while (false)
