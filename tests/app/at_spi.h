// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusConnection>
#include <QProcess>
#include <QProcessEnvironment>
#include <QRect>
#include <QString>
#include <QTemporaryDir>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace gradwright::test {

/// A program's element as assistive technology sees it, over D-Bus (AT-SPI 2). Everything is asked
/// of the program anew; what has gone, or does not answer, is empty.
class AtSpiElement {
public:
    AtSpiElement(QDBusConnection bus, QString service, QString path)
        : bus_(std::move(bus))
        , service_(std::move(service))
        , path_(std::move(path)) {}

    [[nodiscard]] QString name() const;
    [[nodiscard]] QString description() const;
    /// "list item", "chart".
    [[nodiscard]] QString role() const;
    /// One of AT-SPI's AtspiStateType.
    [[nodiscard]] bool hasState(int state) const;
    /// The current value of a progress bar or slider.
    [[nodiscard]] std::optional<double> value() const;
    /// Where it is on the screen, in pixels; empty where it is nowhere.
    [[nodiscard]] QRect rect() const;
    [[nodiscard]] std::vector<AtSpiElement> children() const;
    [[nodiscard]] QStringList actions() const;
    /// Does the action of that name; whether there is one.
    [[nodiscard]] bool act(const QString& action) const;

    /// The first element below this one, or itself, in the order of the tree.
    [[nodiscard]] std::optional<AtSpiElement>
    find(const std::function<bool(const AtSpiElement&)>& is) const;
    /// The same of what is shown, without a look at what is not.
    [[nodiscard]] std::optional<AtSpiElement>
    findShown(const std::function<bool(const AtSpiElement&)>& is) const;

    static constexpr int kSelected = 23;
    static constexpr int kShowing = 25;

private:
    [[nodiscard]] QList<QVariant> call(const char* interface, const char* method,
                                       const QList<QVariant>& arguments = {}) const;
    [[nodiscard]] QVariant property(const char* interface, const char* name) const;

    QDBusConnection bus_;
    QString service_;
    QString path_;
};

/// A display, a session bus and AT-SPI's registry of their own, on which programs run.
class AtSpiDesktop {
public:
    ~AtSpiDesktop();

    /// Starts them. Returns what is missing on this machine; empty when all of it runs.
    QString start();
    /// Starts a program. Returns its root, or nothing if it has not registered in time.
    std::optional<AtSpiElement> run(const QString& program, const QStringList& arguments);
    /// What its programs run in: the display, and folders of their own in place of the user's.
    [[nodiscard]] const QProcessEnvironment& environment() const { return environment_; }

private:
    std::unique_ptr<QProcess> startPart(const QString& program, const QStringList& arguments,
                                        QString& firstLine);

    QTemporaryDir folder_;
    QProcessEnvironment environment_ = QProcessEnvironment::systemEnvironment();
    std::unique_ptr<QProcess> display_;
    std::unique_ptr<QProcess> session_;
    std::unique_ptr<QProcess> program_;
    std::optional<QDBusConnection> bus_;
};

} // namespace gradwright::test
