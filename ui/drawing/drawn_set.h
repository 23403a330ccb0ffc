// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"

#include <QByteArray>
#include <QObject>
#include <QString>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

class TrainingSession;

/// An image that a person adds: a file's bytes, and how its name ends, with the point.
struct DrawnImage {
    QByteArray bytes;
    QString ending = QStringLiteral(".png");

    [[nodiscard]] bool isNull() const { return bytes.isEmpty(); }
};

/// The images that a person adds to the project's data by hand. They lie in a folder with one
/// folder per class, which the data set trains with (see addedFolderParam()); every change is a
/// step of undo, files included. Files that were not made here are never changed.
class DrawnSet : public QObject {
    Q_OBJECT

public:
    DrawnSet(ProjectDocument& document, const TrainingSession& session, QObject* parent = nullptr);

    /// Why nothing can be added now; empty where it can.
    [[nodiscard]] QString obstacle() const;
    /// The classes of the project's data; empty while they are not known.
    [[nodiscard]] std::vector<std::string> classes() const;
    /// Empty before there is one.
    [[nodiscard]] std::filesystem::path folder() const;

    /// Adds an image to a class. The first time, `window` is asked for the set's name; nothing
    /// happens where that is cancelled.
    void add(const DrawnImage& image, const QString& className, QWidget* window);
    /// Takes an image out of the set, or puts it into another class. `file`: below the folder.
    void remove(const std::string& file);
    void move(const std::string& file, const QString& className);

Q_SIGNALS:
    /// What was done, as a sentence.
    void done(const QString& what);
    void failed(const QString& reason);

private:
    void addTo(const std::filesystem::path& folder, const DrawnImage& image,
               const QString& className);
    void perform(const QString& title, std::vector<FileChange> files,
                 const std::filesystem::path& folder, const QString& what);
    [[nodiscard]] std::optional<QByteArray> drawnFile(const std::string& file);

    [[nodiscard]] std::optional<DataInfo> info() const;

    ProjectDocument* document_;
    const TrainingSession* session_;
    /// What the data were, and of which choice: while they are read anew they are what they were.
    mutable std::optional<std::pair<DataChoice, DataInfo>> seen_;
};

} // namespace gradwright
