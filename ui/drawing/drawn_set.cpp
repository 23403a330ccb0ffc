// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drawing/drawn_set.h"

#include "engine/data/images/added_images.h"
#include "engine/io/atomic_file.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "ui/drawing/drawn_set_dialog.h"
#include "ui/session/training_session.h"
#include "ui/theme/text.h"

#include <algorithm>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

} // namespace

DrawnSet::DrawnSet(ProjectDocument& document, const TrainingSession& session, QObject* parent)
    : QObject(parent)
    , document_(&document)
    , session_(&session) {}

QString DrawnSet::obstacle() const {
    const auto& def = dataset(document_->project().data.dataset);
    if (session_->isActive())
        return tr("Locked while training");
    if (!findParam(def.params, kAddedFolderParam))
        return tr("Images can be added to images by class; the project's data (%1) are none")
            .arg(qstr(def.title));
    const auto info = this->info();
    if (!info)
        return document_->dataProblem().empty() ? tr("The project's data are being read")
                                                : qstr(document_->dataProblem());
    if (!info->hasClasses())
        return tr("The project's data have no classes");
    if (info->preparation.pictures == PictureKind::None)
        return tr("Drawings cannot become samples of %1").arg(qstr(toString(info->input)));
    return {};
}

std::optional<DataInfo> DrawnSet::info() const {
    auto choice = document_->project().data;
    choice.params.erase(std::string(kAddedFolderParam));
    choice.params.erase(std::string(kAddedAlwaysParam));
    if (const auto& known = document_->dataInfo())
        seen_ = {std::move(choice), *known};
    else if (!seen_ || !document_->dataProblem().empty() || !opensAlike(seen_->first, choice))
        return {};
    return seen_->second;
}

std::vector<std::string> DrawnSet::classes() const {
    const auto info = this->info();
    return info ? info->classes : std::vector<std::string>();
}

fs::path DrawnSet::folder() const {
    const auto& params = document_->project().data.params;
    const auto found = params.find(std::string(kAddedFolderParam));
    return found == params.end() ? fs::path() : fs::path(std::get<std::string>(found->second));
}

void DrawnSet::add(const DrawnImage& image, const QString& className, QWidget* window) {
    if (const auto reason = obstacle(); !reason.isEmpty()) {
        Q_EMIT failed(reason);
        return;
    }
    if (const auto known = folder(); !known.empty()) {
        addTo(known, image, className);
        return;
    }
    auto* const dialog =
        new DrawnSetDialog(dataFolder(document_->project(), document_->file()), classes(), window);
    connect(dialog, &QDialog::accepted, this,
            [this, dialog, image, className] { addTo(dialog->folder(), image, className); });
    dialog->open();
}

void DrawnSet::addTo(const fs::path& folder, const DrawnImage& image, const QString& className) {
    const auto name = nextDrawnName(folder, image.ending.toStdString());
    const auto file = folder / classFolderName(className.toStdString()) / name;
    perform(tr("Add an image as %1").arg(className), {{file, {}, image.bytes}}, folder,
            tr("Added as %1 to %2; the next training learns from it. Undo takes it back.")
                .arg(className, qstr(folder.filename().string())));
}

void DrawnSet::remove(const std::string& file) {
    const auto bytes = drawnFile(file);
    if (bytes)
        perform(tr("Remove %1").arg(qstr(file)), {{folder() / file, bytes, {}}}, folder(),
                tr("%1 is removed; Undo brings it back.").arg(qstr(file)));
}

void DrawnSet::move(const std::string& file, const QString& className) {
    const auto bytes = drawnFile(file);
    const auto target =
        folder() / classFolderName(className.toStdString()) / fs::path(file).filename();
    if (!bytes || target == folder() / file)
        return;
    perform(tr("Put %1 into %2").arg(qstr(file), className),
            {{target, {}, bytes}, {folder() / file, bytes, {}}}, folder(),
            tr("%1 counts as %2; Undo takes it back.").arg(qstr(file), className));
}

/// The bytes of an image that was added here; says why where it was not.
std::optional<QByteArray> DrawnSet::drawnFile(const std::string& file) {
    if (const auto reason = obstacle(); !reason.isEmpty()) {
        Q_EMIT failed(reason);
        return {};
    }
    if (!fs::path(file).filename().string().starts_with(kDrawnName)) {
        Q_EMIT failed(tr("%1 is a file of yours, not one that was added here; it stays as it is")
                          .arg(qstr(file)));
        return {};
    }
    try {
        const auto bytes = readFile(folder() / file);
        return QByteArray(reinterpret_cast<const char*>(bytes.data()),
                          static_cast<qsizetype>(bytes.size()));
    } catch (const Error& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
        return {};
    }
}

void DrawnSet::perform(const QString& title, std::vector<FileChange> files, const fs::path& folder,
                       const QString& what) {
    try {
        std::optional<ProjectEdit> edit;
        if (this->folder() != folder) {
            auto choice = document_->project().data;
            choice.params[std::string(kAddedFolderParam)] = folder.string();
            choice.params[std::string(kAddedAlwaysParam)] = true;
            edit = ProjectEdit{SetData{std::move(choice)}};
        }
        document_->performFiles(title, FileChanges(std::move(files)), edit);
        Q_EMIT done(what);
    } catch (const Error& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright

#include "moc_drawn_set.cpp"
