#include "tests/support/postgres_server.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "tests/support/run_cli.h"

extern char** environ;

namespace llmops::test {
namespace {

namespace fs = std::filesystem;

// Of the newest version that is installed; empty: of none.
fs::path programs() {
  fs::path newest;
  std::error_code none;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none))
    if (fs::exists(version.path() / "bin/initdb") && version.path() / "bin" > newest)
      newest = version.path() / "bin";
  return newest;
}

// The server refuses to run as root: then it runs as the user that its package has made.
std::vector<std::string> as_somebody(std::vector<std::string> command) {
  if (::geteuid() != 0) return command;
  std::vector<std::string> wrapped = {"setpriv", "--reuid=postgres", "--regid=postgres",
                                      "--clear-groups"};
  wrapped.insert(wrapped.end(), command.begin(), command.end());
  return wrapped;
}

pid_t spawn(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

}  // namespace

std::unique_ptr<PostgresServer> PostgresServer::start(std::string& why) {
  const fs::path bin = programs();
  if (bin.empty()) {
    why = "PostgreSQL is not installed (Debian's package `postgresql`)";
    return nullptr;
  }
  std::string made = "/tmp/llmops-postgres-XXXXXX";
  if (::mkdtemp(made.data()) == nullptr) {
    why = "no temporary folder can be made";
    return nullptr;
  }
  const fs::path folder = made;
  if (::geteuid() == 0) {
    const passwd* owner = ::getpwnam("postgres");
    if (owner == nullptr || ::chown(folder.c_str(), owner->pw_uid, owner->pw_gid) != 0) {
      why = "there is no user `postgres`, and the server does not run as root";
      fs::remove_all(folder);
      return nullptr;
    }
  }
  const fs::path data = folder / "data";
  const CliRun init = run_program(
      as_somebody({(bin / "initdb").string(), "-D", data.string(), "-U", "llmops", "-A", "trust",
                   "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"}),
      {.folder = "/", .limit = std::chrono::seconds(120)});
  if (init.code != 0) {
    why = "initdb failed: " + init.err;
    fs::remove_all(folder);
    return nullptr;
  }
  const pid_t server =
      spawn(as_somebody({(bin / "postgres").string(), "-D", data.string(), "-k", folder.string(),
                         "-c", "listen_addresses=", "-c", "fsync=off"}),
            folder / "log");
  std::unique_ptr<PostgresServer> started(new PostgresServer(folder, server));
  for (int i = 0; i < 600 && server > 0; ++i) {
    const CliRun ready =
        run_program({(bin / "pg_isready").string(), "-h", folder.string()}, {.folder = "/"});
    if (ready.code == 0) return started;
    ::usleep(100'000);
  }
  why = "the server did not start";
  return nullptr;
}

PostgresServer::~PostgresServer() {
  if (server_ > 0) {
    ::kill(server_, SIGQUIT);  // at once, with all its processes
    ::waitpid(server_, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string PostgresServer::address(const std::string& password) const {
  return "postgresql://llmops:" + password + "@/postgres?host=" + folder_.string();
}

}  // namespace llmops::test
