// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/own_data.h"

#include "engine/data/byte_reader.h"
#include "engine/data/catalog.h"
#include "engine/data/images/array_file.h"
#include "engine/data/images/folder_parts.h"
#include "engine/data/images/idx_pairs.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/images/picture.h"
#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/csv_cache.h"
#include "engine/data/tables/table_params.h"
#include "engine/data/text/text_encoding.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBeginning = 65'536; ///< bytes of a file that tell what it is
constexpr std::size_t kSurveyed = 32;      ///< images that tell how all are read
constexpr std::int64_t kLargestSide = 64;  ///< px, that images are scaled to

std::string endingOf(const fs::path& path) {
    const auto lower = [](std::string text) {
        std::ranges::transform(text, text.begin(), [](unsigned char letter) {
            return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
        });
        return text;
    };
    const auto ending = lower(path.extension().string());
    return ending == ".gz" ? lower(path.stem().extension().string()) : ending;
}

std::string beginningOf(const fs::path& path) {
    ByteReader reader(path);
    std::vector<std::uint8_t> bytes(kBeginning);
    bytes.resize(reader.read(bytes));
    return {bytes.begin(), bytes.end()};
}

// ---- tables and texts

/// The beginning of a text in UTF-8; nothing for what is no text.
std::optional<std::string> textOf(std::string_view beginning) {
    EncodingEvidence evidence;
    evidence.add(beginning);
    const auto encoding = evidence.encoding(beginning.size() == kBeginning);
    if (!encoding && beginning.find('\0') != std::string_view::npos)
        return {};
    std::string text;
    Utf8Maker(encoding.value_or(TextEncoding::Utf8)).add(beginning, text);
    return text;
}

DataChoice tableFrom(const fs::path& file) {
    const auto table = sharedCsv(file);
    const auto proposal = proposalFor(profileOf(*table), file.string());
    DataChoice choice{.dataset = "csv"};
    choice.params["file"] = file.string();
    choice.params["target"] = columnList(std::span(&proposal.target, 1));
    if (!proposal.ignored.empty())
        choice.params["ignore"] = columnList(proposal.ignored);
    return choice;
}

/// Whether a text without a table's ending is one: several columns, one of numbers at least; where
/// only blanks divide them, half of them, since lines of prose may have equally many words.
bool isTable(std::string_view beginning, bool isWhole) {
    // The last line may be cut.
    const auto end = isWhole ? beginning.size() : beginning.rfind('\n');
    if (end == std::string_view::npos)
        return false;
    try {
        const auto table = parseCsv(beginning.substr(0, end), "text");
        const auto profile = profileOf(table);
        const auto columns = static_cast<std::ptrdiff_t>(profile.columns.size());
        const auto numbers =
            std::ranges::count(profile.columns, ColumnKind::Numbers, &ColumnProfile::kind);
        constexpr std::size_t kLeastRows = 3;
        return profile.rows >= kLeastRows && columns > 1 && numbers > 0 &&
               (table.delimiter != ' ' || 2 * numbers >= columns);
    } catch (const Error&) {
        return false;
    }
}

DataChoice textFrom(const fs::path& file) {
    DataChoice choice{.dataset = "text", .validationFraction = 0.05};
    choice.params["file"] = file.string();
    return choice;
}

// ---- IDX

constexpr std::size_t kImagesRank = 3;

/// The number of dimensions, or nothing where the bytes begin no IDX file.
std::optional<std::size_t> idxRank(std::string_view beginning) {
    if (beginning.size() < 4 || beginning[0] != 0 || beginning[1] != 0)
        return {};
    const auto type = static_cast<unsigned char>(beginning[2]);
    const auto rank = static_cast<unsigned char>(beginning[3]);
    if (type < 0x08 || type > 0x0E || rank < 1 || rank > 4)
        return {};
    return rank;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    if (const auto at = text.rfind(from); at != std::string::npos)
        text.replace(at, from.size(), to);
    return text;
}

using Words = std::pair<std::string_view, std::string_view>;

/// The file of that name in the same folder, as it is or with .gz.
std::optional<fs::path> fileBeside(const fs::path& file, const std::string& name) {
    const auto plain = name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
    std::error_code error;
    for (const auto& each : {name, plain, plain + ".gz"})
        if (const auto found = file.parent_path() / each;
            each != file.filename().string() && fs::is_regular_file(found, error))
            return found;
    return {};
}

std::string nameOfLabels(const fs::path& images) {
    auto name = images.filename().string();
    name = replaced(replaced(name, "images", "labels"), "image", "label");
    return replaced(replaced(name, "idx3", "idx1"), "idx4", "idx1");
}

std::optional<fs::path> imagesOf(const fs::path& labels) {
    const auto name =
        replaced(replaced(labels.filename().string(), "labels", "images"), "label", "image");
    for (const auto* const rank : {"idx3", "idx4"})
        if (auto found = fileBeside(labels, replaced(name, "idx1", rank)))
            return found;
    return {};
}

std::optional<fs::path> otherPart(const fs::path& file, const std::vector<Words>& words) {
    const auto name = file.filename().string();
    for (const auto& [from, to] : words)
        if (name.find(from) != std::string::npos)
            if (auto found = fileBeside(file, replaced(name, from, to)))
                return found;
    return {};
}

DataChoice idxFrom(const fs::path& file, std::size_t rank) {
    auto images = file;
    if (rank < kImagesRank) {
        const auto found = imagesOf(file);
        if (!found)
            throw Error("{}: holds labels, but the file of their images is not beside it; it has "
                        "the same name with \"images\" in place of \"labels\"",
                        file.string());
        images = *found;
    }
    if (const auto training = otherPart(images, {{"t10k", "train"}, {"test", "train"}}))
        images = *training;
    const auto labelsOf = [](const fs::path& of) {
        auto found = fileBeside(of, nameOfLabels(of));
        if (!found)
            throw Error("{}: holds images, but the file of their labels is not beside it; it would "
                        "be called {}",
                        of.string(), nameOfLabels(of));
        return *std::move(found);
    };
    DataChoice choice{.dataset = "idx"};
    choice.params["training_images"] = images.string();
    choice.params["training_labels"] = labelsOf(images).string();
    if (const auto test = otherPart(images, {{"train", "t10k"}, {"train", "test"}})) {
        choice.params["test_images"] = test->string();
        choice.params["test_labels"] = labelsOf(*test).string();
    }
    return choice;
}

// ---- arrays

using Four = std::array<std::string_view, 4>; ///< images and labels to train on, and to test with

/// What people call the arrays of a data set.
constexpr std::array<Four, 10> kArrayNames = {
    {{"x_train", "y_train", "x_test", "y_test"},
     {"X_train", "y_train", "X_test", "y_test"},
     {"train_images", "train_labels", "test_images", "test_labels"},
     {"train_x", "train_y", "test_x", "test_y"},
     {"images", "labels", "", ""},
     {"x", "y", "", ""},
     {"X", "y", "", ""},
     {"data", "target", "", ""},
     {"data", "labels", "", ""},
     {"arr_0", "arr_1", "arr_2", "arr_3"}}};

DataChoice arraysFrom(const fs::path& file) {
    const auto names = arraysIn(file);
    const auto has = [&](std::string_view name) {
        return std::ranges::find(names, name) != names.end();
    };
    const auto found = std::ranges::find_if(
        kArrayNames, [&](const Four& four) { return has(four[0]) && has(four[1]); });
    if (found == kArrayNames.end())
        throw Error("{}: its arrays ({}) are not called as images and labels are; name them as "
                    "FILE.npz:ARRAY in the parameters of IDX files",
                    file.string(), fmt::join(names, ", "));
    DataChoice choice{.dataset = "idx"};
    const bool hasTest = has((*found)[2]) && has((*found)[3]);
    constexpr std::array<std::string_view, 4> keys = {"training_images", "training_labels",
                                                      "test_images", "test_labels"};
    for (std::size_t i = 0; i < (hasTest ? keys.size() : 2); ++i)
        choice.params[std::string(keys[i])] = fmt::format("{}:{}", file.string(), (*found)[i]);
    return choice;
}

DataChoice arrayFrom(const fs::path& given) {
    const std::vector<Words> toLabels = {{"images", "labels"}, {"image", "label"}, {"x_", "y_"},
                                         {"X_", "y_"},         {"_x", "_y"},       {"_X", "_y"},
                                         {"x.npy", "y.npy"},   {"X.npy", "y.npy"}};
    const std::vector<Words> toImages = {{"labels", "images"}, {"label", "image"}, {"y_", "x_"},
                                         {"y_", "X_"},         {"_y", "_x"},       {"_y", "_X"},
                                         {"y.npy", "x.npy"},   {"y.npy", "X.npy"}};
    auto images = given;
    auto labels = otherPart(given, toLabels);
    if (!labels) {
        const auto found = otherPart(given, toImages);
        if (!found)
            throw Error("{}: holds one array; the file of its labels, or of its images, is not "
                        "beside it under a name such as images.npy and labels.npy",
                        given.string());
        images = *found;
        labels = given;
    }
    if (const auto training = otherPart(images, {{"test", "train"}}))
        if (const auto theirs = otherPart(*labels, {{"test", "train"}})) {
            images = *training;
            labels = theirs;
        }
    DataChoice choice{.dataset = "idx"};
    choice.params["training_images"] = images.string();
    choice.params["training_labels"] = labels->string();
    const auto testImages = otherPart(images, {{"train", "test"}});
    const auto testLabels = otherPart(*labels, {{"train", "test"}});
    if (testImages && testLabels) {
        choice.params["test_images"] = testImages->string();
        choice.params["test_labels"] = testLabels->string();
    }
    return choice;
}

// ---- image folders

struct Survey {
    bool isColour = false;
    bool isOneSize = true;
    std::int64_t height = 0; ///< of the first
    std::int64_t width = 0;
    std::int64_t side = 0; ///< the median of the shorter sides
};

bool hasColour(const Picture& picture) {
    for (std::size_t i = 0; i + 2 < picture.bytes.size(); i += 3)
        if (picture.bytes[i] != picture.bytes[i + 1] || picture.bytes[i] != picture.bytes[i + 2])
            return true;
    return false;
}

Survey surveyOf(const ImageFolder& folder) {
    Survey survey;
    std::vector<std::int64_t> sides;
    const auto count = std::min(kSurveyed, folder.files.size());
    // Whoever opens the data is told of all that cannot be read.
    const auto look = [&](std::size_t index) {
        Picture picture;
        try {
            picture = readPicture(folder.root / folder.files[index], {.channels = 3});
        } catch (const Error&) {
            return;
        }
        if (sides.empty()) {
            survey.height = picture.height;
            survey.width = picture.width;
        }
        survey.isOneSize =
            survey.isOneSize && picture.height == survey.height && picture.width == survey.width;
        survey.isColour = survey.isColour || hasColour(picture);
        sides.push_back(std::min(picture.width, picture.height));
    };
    for (std::size_t i = 0; i < count; ++i)
        look(i * folder.files.size() / count);
    for (std::size_t index = 0; sides.empty() && index < folder.files.size(); ++index)
        look(index);
    if (sides.empty()) {
        requirePictures(folder, nullptr);
        throw Error("{}: none of its {} can be decoded", folder.root.string(),
                    counted(folder.files.size(), "image"));
    }
    std::ranges::sort(sides);
    survey.side = sides[sides.size() / 2];
    return survey;
}

DataChoice imagesFrom(const fs::path& folder, const std::optional<fs::path>& test) {
    const auto survey = surveyOf(listImageFolder(folder));
    const bool asTheyAre =
        survey.isOneSize && std::max(survey.height, survey.width) <= kLargestSide;
    const auto side = std::min(survey.side, kLargestSide);
    DataChoice choice{.dataset = "images"};
    choice.params["folder"] = folder.string();
    if (test)
        choice.params["test_folder"] = test->string();
    choice.params["size"] =
        asTheyAre ? IntTuple{survey.height, survey.width} : IntTuple{side, side};
    choice.params["channels"] = std::string(survey.isColour ? "rgb" : "gray");
    return choice;
}

DataChoice folderFrom(const fs::path& folder) {
    std::error_code error;
    std::optional<fs::path> idx;
    std::size_t pictures = 0;
    std::vector<std::string> names; ///< of folders
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with('.') || name == "__MACOSX")
            continue;
        if (entry.is_directory(error))
            names.push_back(name);
        else if (hasPictureEnding(entry.path()))
            ++pictures;
        else if (name.find("idx3") != std::string::npos && (!idx || entry.path() < *idx))
            idx = entry.path();
    }
    if (error)
        throw Error("{}: cannot be read: {}", folder.string(), error.message());
    if (!names.empty()) {
        if (const auto parts = partsAmong(names))
            return imagesFrom(foldersOfClasses(folder / parts->training),
                              foldersOfClasses(folder / parts->test));
        if (const auto below = foldersOfClasses(folder); below != folder)
            return folderFrom(below);
        return imagesFrom(folder, {});
    }
    if (idx)
        return dataFrom(*idx);
    if (pictures > 0)
        throw Error("{}: its images lie side by side; put those of each class into a folder of its "
                    "own, named after the class",
                    folder.string());
    throw Error("{}: holds no data that can be read: expected one folder of PNG or JPEG images per "
                "class, or IDX files",
                folder.string());
}

/// What a file is that cannot be read, and what would help; empty for others.
std::string_view adviceFor(std::string_view ending, std::string_view beginning) {
    if (beginning.starts_with("\x89PNG") || beginning.starts_with("\xFF\xD8\xFF"))
        return "is one image; open the folder that holds one folder of images per class";
    if (ending == ".xlsx" || ending == ".xls" || ending == ".ods")
        return "is a spreadsheet; save its sheet as CSV and open that";
    if (beginning.starts_with("PK"))
        return "is an archive; unpack it and open the folder or the table inside";
    if (ending == ".json" || ending == ".jsonl")
        return "is JSON; save its records as CSV and open that";
    if (ending == ".parquet" || beginning.starts_with("PAR1"))
        return "is a Parquet file; save it as CSV and open that";
    if (ending == ".mat" || ending == ".h5")
        return "is a file of arrays; save it as CSV, as IDX files or as folders of images";
    return {};
}

} // namespace

DataChoice dataFrom(const fs::path& given) {
    std::error_code error;
    const auto path = fs::absolute(given);
    if (!fs::exists(path, error))
        throw Error("{}: there is no such file or folder", path.string());
    if (fs::is_directory(path, error))
        return folderFrom(path);
    const auto ending = endingOf(path);
    const auto beginning = beginningOf(path);
    if (beginning.empty())
        throw Error("{}: the file is empty", path.string());
    if (const auto rank = idxRank(beginning))
        return idxFrom(path, *rank);
    if (ending == ".npz")
        return arraysFrom(path);
    if (ending == ".npy")
        return arrayFrom(path);
    if (const auto advice = adviceFor(ending, beginning); !advice.empty())
        throw Error("{}: {}", path.string(), advice);
    if (ending == ".csv" || ending == ".tsv" || ending == ".tab")
        return tableFrom(path);
    const auto text = textOf(beginning);
    if (!text)
        throw Error(
            "{}: is no data that can be read: a table (CSV, TSV), a text in UTF-8, UTF-16 or "
            "Windows-1252, IDX files, or a folder with one folder of images per class",
            path.string());
    return isTable(*text, beginning.size() < kBeginning) ? tableFrom(path) : textFrom(path);
}

DataChoice dataFrom(const std::vector<fs::path>& files) {
    if (files.size() == 1)
        return dataFrom(files.front());
    std::vector<fs::path> all;
    for (const auto& file : files)
        all.push_back(fs::absolute(file));
    const auto isFile = [](const fs::path& path) {
        std::error_code error;
        return fs::is_regular_file(path, error);
    };
    const auto paired =
        std::ranges::all_of(all, isFile) ? pairIdxFiles(all) : std::optional<ParamValues>();
    std::optional<DataChoice> led;
    try {
        led = dataFrom(all.front());
    } catch (const Error&) {
        if (!paired)
            throw;
    }
    const auto isUsed = [&](const fs::path& path) {
        return std::ranges::any_of(led->params, [&](const auto& param) {
            const auto* const text = std::get_if<std::string>(&param.second);
            return text != nullptr && *text == path.string();
        });
    };
    const auto odd = led ? std::ranges::find_if_not(all, isUsed) : all.begin();
    if (led && odd == all.end())
        return *std::move(led);
    if (paired)
        return {.dataset = "idx", .params = *paired};
    throw Error("{}: does not belong to the data that {} is; open one of them", odd->string(),
                all.front().string());
}

std::optional<TableProfile> tableProfile(const DataChoice& choice) {
    if (choice.dataset != "csv")
        return {};
    const Params params(dataset(choice.dataset).params, choice.params);
    if (params.text("file").empty())
        return {};
    return profileOf(*sharedCsv(params.text("file"), csvOptionsOf(params, choice.asBefore)));
}

namespace {

std::vector<std::string> namesOf(const TableProfile& profile) {
    std::vector<std::string> names;
    for (const auto& column : profile.columns)
        names.push_back(column.name);
    return names;
}

} // namespace

std::vector<std::string> targetsOf(const DataChoice& choice, const TableProfile& profile) {
    const Params params(dataset(choice.dataset).params, choice.params);
    auto names = columnNamesIn(params.text("target"), namesOf(profile));
    if (names.empty() && !profile.columns.empty())
        names.push_back(profile.columns.back().name);
    return names;
}

std::vector<std::string> ignoredBy(const DataChoice& choice, const TableProfile& profile) {
    const Params params(dataset(choice.dataset).params, choice.params);
    return ignoredColumnsIn(params.text("ignore"), namesOf(profile));
}

} // namespace gradwright
