// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/tables/table_params.h"
#include "engine/data/text/text_corpus.h"
#include "engine/support/error.h"
#include "engine/support/resources.h"

namespace gradwright {
namespace {

ParamSpecs textParams() {
    auto fraction = testFractionParam(0.1);
    fraction.doc = "Share of the text, at its end, that is held back to test with.";
    return {intParam(
                "steps", "Characters per sample", 64, 1, 65'536,
                "How many characters the network reads in a row; after each it predicts the next."),
            formerly("lower-case",
                     boolParam("lower_case", "Lower case", false, "Turns A to Z into a to z.")),
            std::move(fraction)};
}

TextOptions optionsOf(const Params& params, bool asBefore) {
    return {params.integer("steps"), params.boolean("lower_case"), params.real("test_fraction"),
            asBefore};
}

Dataset openFile(const Params& params, const DataChoice& choice) {
    const auto& file = params.text("file");
    if (file.empty())
        throw Error("Choose the file of the text");
    return textDataset(readText(file), file, optionsOf(params, choice.asBefore));
}

Dataset openBible(const Params& params, const DataChoice& choice) {
    const auto file = resourcePath("datasets/king-james-bible/king-james-bible.txt.gz");
    return textDataset(readText(file), file.string(), optionsOf(params, choice.asBefore));
}

} // namespace

DatasetDef textFileDataset() {
    auto params = textParams();
    params.insert(
        params.begin(),
        pathParam("file", "File", "A text file in UTF-8, UTF-16 or Windows-1252; may be gzipped."));
    return {.key = "text",
            .title = "Text",
            .doc = "A text, character by character: the network predicts each from those before "
                   "it. The text's end is held back to test with.",
            .origin = "Your own files",
            .licence = "That of your files",
            .params = std::move(params),
            .open = openFile};
}

DatasetDef kingJamesBibleDataset() {
    return {.key = "king-james-bible",
            .title = "King James Bible",
            .doc = "Part of the English Bible of 1611, character by character: the network "
                   "predicts each from those before it.",
            .origin = "Debian's package bible-kjv-text; comes with the program",
            .licence = "Public domain (published 1611)",
            .params = textParams(),
            .open = openBible};
}

} // namespace gradwright
