// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/at_spi.h"

#include <QDBusArgument>
#include <QDBusInterface>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusReply>
#include <QDBusVariant>
#include <QDeadlineTimer>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>
#include <QTest>

#include <sys/prctl.h>

#include <csignal>

namespace gradwright::test {

namespace {

constexpr int kAnswerPatience = 20'000; // ms
constexpr int kStartPatience = 30'000;
constexpr auto kAccessible = "org.a11y.atspi.Accessible";
constexpr auto kAction = "org.a11y.atspi.Action";
constexpr auto kValue = "org.a11y.atspi.Value";

/// Whatever becomes of the test, nothing that it started stays.
void endWithTest(QProcess& process) {
    process.setChildProcessModifier([] { prctl(PR_SET_PDEATHSIG, SIGKILL); });
}

} // namespace

QList<QVariant> AtSpiElement::call(const char* interface, const char* method,
                                   const QList<QVariant>& arguments) const {
    auto message = QDBusMessage::createMethodCall(service_, path_, QString::fromLatin1(interface),
                                                  QString::fromLatin1(method));
    message.setArguments(arguments);
    const auto answer = bus_.call(message, QDBus::Block, kAnswerPatience);
    return answer.type() == QDBusMessage::ReplyMessage ? answer.arguments() : QList<QVariant>();
}

QVariant AtSpiElement::property(const char* interface, const char* name) const {
    const auto answer = call("org.freedesktop.DBus.Properties", "Get",
                             {QString::fromLatin1(interface), QString::fromLatin1(name)});
    return answer.isEmpty() ? QVariant() : answer.first().value<QDBusVariant>().variant();
}

QString AtSpiElement::name() const {
    return property(kAccessible, "Name").toString();
}

QString AtSpiElement::description() const {
    return property(kAccessible, "Description").toString();
}

QString AtSpiElement::role() const {
    const auto answer = call(kAccessible, "GetRoleName");
    return answer.isEmpty() ? QString() : answer.first().toString();
}

bool AtSpiElement::hasState(int state) const {
    const auto answer = call(kAccessible, "GetState");
    if (answer.isEmpty())
        return false;
    const auto words = qdbus_cast<QList<uint>>(answer.first());
    const int word = state / 32;
    return word < words.size() && (words[word] >> (state % 32) & 1U) != 0;
}

std::optional<double> AtSpiElement::value() const {
    const QVariant value = property(kValue, "CurrentValue");
    return value.isValid() ? std::optional(value.toDouble()) : std::nullopt;
}

QRect AtSpiElement::rect() const {
    constexpr uint kOnScreen = 0; // AtspiCoordType
    const auto answer = call("org.a11y.atspi.Component", "GetExtents", {kOnScreen});
    if (answer.isEmpty())
        return {};
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
    const auto extents = answer.first().value<QDBusArgument>();
    extents.beginStructure();
    extents >> x >> y >> width >> height;
    extents.endStructure();
    return {x, y, width, height};
}

std::vector<AtSpiElement> AtSpiElement::children() const {
    const auto answer = call(kAccessible, "GetChildren");
    std::vector<AtSpiElement> children;
    if (answer.isEmpty())
        return children;
    const auto array = answer.first().value<QDBusArgument>();
    for (array.beginArray(); !array.atEnd();) {
        QString service;
        QDBusObjectPath path;
        array.beginStructure();
        array >> service >> path;
        array.endStructure();
        children.emplace_back(bus_, service, path.path());
    }
    return children;
}

QStringList AtSpiElement::actions() const {
    QStringList names;
    const int count = property(kAction, "NActions").toInt();
    for (int i = 0; i < count; ++i)
        if (const auto answer = call(kAction, "GetName", {i}); !answer.isEmpty())
            names << answer.first().toString();
    return names;
}

bool AtSpiElement::act(const QString& action) const {
    const auto index = actions().indexOf(action);
    if (index < 0)
        return false;
    // What is pressed may answer when it has already gone.
    static_cast<void>(call(kAction, "DoAction", {static_cast<int>(index)}));
    return true;
}

std::optional<AtSpiElement>
AtSpiElement::find(const std::function<bool(const AtSpiElement&)>& is) const {
    if (is(*this))
        return *this;
    for (const AtSpiElement& child : children())
        if (auto found = child.find(is))
            return found;
    return {};
}

std::optional<AtSpiElement>
AtSpiElement::findShown(const std::function<bool(const AtSpiElement&)>& is) const {
    if (!hasState(kShowing))
        return {};
    if (is(*this))
        return *this;
    for (const AtSpiElement& child : children())
        if (auto found = child.findShown(is))
            return found;
    return {};
}

AtSpiDesktop::~AtSpiDesktop() {
    for (auto* const each : {&program_, &session_, &display_})
        if (*each) {
            (*each)->kill();
            (*each)->waitForFinished();
        }
}

std::unique_ptr<QProcess>
AtSpiDesktop::startPart(const QString& program, const QStringList& arguments, QString& firstLine) {
    auto process = std::make_unique<QProcess>();
    process->setProcessEnvironment(environment_);
    endWithTest(*process);
    process->setStandardErrorFile(QProcess::nullDevice());
    process->start(program, arguments);
    const QDeadlineTimer patience(kStartPatience);
    while (!process->canReadLine() && process->state() != QProcess::NotRunning &&
           !patience.hasExpired())
        process->waitForReadyRead(100);
    firstLine = QString::fromUtf8(process->readLine()).trimmed();
    return process;
}

QString AtSpiDesktop::start() {
    for (const char* const program : {"Xvfb", "dbus-daemon"})
        if (QStandardPaths::findExecutable(QString::fromLatin1(program)).isEmpty())
            return QString::fromLatin1(program);
    if (!QFileInfo::exists(QStringLiteral("/usr/share/dbus-1/services/org.a11y.Bus.service")))
        return QStringLiteral("at-spi2-core");

    const QDir folder(folder_.path());
    for (const char* const home :
         {"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"}) {
        folder.mkpath(QString::fromLatin1(home));
        environment_.insert(QString::fromLatin1(home), folder.filePath(QString::fromLatin1(home)));
    }
    QFile::setPermissions(folder.filePath(QStringLiteral("XDG_RUNTIME_DIR")),
                          QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    for (const char* const other : {"AT_SPI_BUS_ADDRESS", "WAYLAND_DISPLAY", "QT_SCALE_FACTOR"})
        environment_.remove(QString::fromLatin1(other));
    environment_.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("xcb"));
    environment_.insert(QStringLiteral("QT_LINUX_ACCESSIBILITY_ALWAYS_ON"), QStringLiteral("1"));

    QString line;
    // Without -noreset the server begins anew when the bus's launcher, its first client, leaves.
    display_ =
        startPart(QStringLiteral("Xvfb"),
                  {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"),
                   QStringLiteral("0"), QStringLiteral("1440x900x24"), QStringLiteral("-nolisten"),
                   QStringLiteral("tcp"), QStringLiteral("-noreset")},
                  line);
    if (line.isEmpty())
        return QStringLiteral("a display of Xvfb");
    environment_.insert(QStringLiteral("DISPLAY"), QStringLiteral(":%1").arg(line));
    session_ = startPart(QStringLiteral("dbus-daemon"),
                         {QStringLiteral("--session"), QStringLiteral("--nofork"),
                          QStringLiteral("--print-address=1")},
                         line);
    if (line.isEmpty())
        return QStringLiteral("a session bus");
    environment_.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), line);
    // Qt keeps connections by their names, also those to buses that are gone.
    static int desktops = 0;
    ++desktops;
    const auto session =
        QDBusConnection::connectToBus(line, QStringLiteral("session %1").arg(desktops));
    QDBusInterface launcher(QStringLiteral("org.a11y.Bus"), QStringLiteral("/org/a11y/bus"),
                            QStringLiteral("org.a11y.Bus"), session);
    const QDBusReply<QString> address = launcher.call(QStringLiteral("GetAddress"));
    if (!address.isValid())
        return QStringLiteral("the accessibility bus (%1)").arg(address.error().message());
    bus_ = QDBusConnection::connectToBus(address.value(),
                                         QStringLiteral("accessibility %1").arg(desktops));
    return bus_->isConnected() ? QString() : QStringLiteral("the accessibility bus");
}

std::optional<AtSpiElement> AtSpiDesktop::run(const QString& program,
                                              const QStringList& arguments) {
    program_ = std::make_unique<QProcess>();
    program_->setProcessEnvironment(environment_);
    endWithTest(*program_);
    program_->setProcessChannelMode(QProcess::ForwardedErrorChannel);
    program_->start(program, arguments);
    const AtSpiElement registry(*bus_, QStringLiteral("org.a11y.atspi.Registry"),
                                QStringLiteral("/org/a11y/atspi/accessible/root"));
    const QDeadlineTimer patience(kStartPatience);
    while (!patience.hasExpired() && program_->state() != QProcess::NotRunning) {
        for (const AtSpiElement& root : registry.children())
            if (root.name() == QFileInfo(program).fileName() && !root.children().empty())
                return root;
        QTest::qWait(200);
    }
    return {};
}

} // namespace gradwright::test
