// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// One array of numbers as NumPy writes it, with its axes in the order of the rows in memory.
struct ArrayNumbers {
    std::vector<std::int64_t> dims;
    std::vector<double> values;      ///< none where they are whole bytes
    std::vector<std::uint8_t> bytes; ///< of arrays of bytes
    std::string type;                ///< for people: "32-bit real numbers"
};

/// Where a name ends as one of NumPy's files, or names an array of one: "mnist.npz:x_train".
bool namesArray(const std::filesystem::path& path);
/// Reads an .npy file, or the array NAME of an .npz file by "FILE.npz:NAME", compressed or not
/// (numpy.org, "numpy.lib.format"; PKWARE's APPNOTE.TXT). Booleans are bytes. Throws Error naming
/// the file, the rule and the received value; of an .npz file without the array, its names.
ArrayNumbers readArray(const std::filesystem::path& path);
/// The same of a file whatever it is called; `name` is not looked at where it is an .npy file.
ArrayNumbers readArray(const std::filesystem::path& file, const std::string& name);

/// The file that a path names an array of, and the array's name, which is empty for .npy.
std::pair<std::filesystem::path, std::string> arrayFileAndName(const std::filesystem::path& path);

/// The names of an .npz file's arrays. Throws Error where it is no such file.
std::vector<std::string> arraysIn(const std::filesystem::path& file);

} // namespace gradwright
