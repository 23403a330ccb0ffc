// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/tables/table_profile.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// The data set that a file or folder of the user's is, told apart by content where its name does
/// not say it:
///  - a table (.csv, .tsv, .tab, or any text whose lines split into equally many fields), with a
///    column to predict and those left out as proposalFor() proposes;
///  - a folder with one folder of PNG and JPEG images per class, which may lie below "train" beside
///    one named "test", "val" or "valid"; the size is that of the images up to 64 px a side, gray
///    where they are;
///  - IDX files: images, with the labels beside them that have the same name but for "images" and
///    "labels", and where there are such those to test with ("train" and "t10k" or "test");
///  - a text in UTF-8.
/// Tables and texts may be gzipped. Throws Error naming file, line where there is one, and what
/// would be right.
DataChoice dataFrom(const std::filesystem::path& path);
/// The same for files that are named together: the first one and what it leads to, if that is all
/// of them, else IDX files as pairIdxFiles() pairs them. Throws Error naming a file that belongs to
/// other data than the first.
DataChoice dataFrom(const std::vector<std::filesystem::path>& files);

/// The columns of a chosen table; nothing for other data sets, or while no file is chosen. Throws
/// what readCsv() throws.
std::optional<TableProfile> tableProfile(const DataChoice& choice);

/// The columns that a choice of a table predicts, by name: those it names, else the last one.
std::vector<std::string> targetsOf(const DataChoice& choice, const TableProfile& profile);
/// Those that it leaves out; of dates that are split, each part that the profile has.
std::vector<std::string> ignoredBy(const DataChoice& choice, const TableProfile& profile = {});

} // namespace gradwright
