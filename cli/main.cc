// hfget: the command line of hfgetd.
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "cli/found_token.h"
#include "cli/run.h"
#include "cli/signals.h"

namespace {

// A closed stdin, stdout or stderr would give its number to the next file that is opened, and our
// output to that file.
void FillStandardFiles() {
  for (int fd = open("/dev/null", O_RDONLY); fd >= 0; fd = open("/dev/null", O_RDONLY)) {
    if (fd <= STDERR_FILENO) continue;
    close(fd);
    return;
  }
}

std::string Machine() {
  utsname name{};
  if (uname(&name) != 0) return "this machine";
  return std::string(name.nodename) + " (" + name.sysname + " " + name.machine + ")";
}

}  // namespace

int main(int argc, char** argv) {
  using namespace hfget::cli;  // NOLINT: the program is nothing else
  FillStandardFiles();
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  ScrubToken(argc, argv);
  static Inbox* const inbox = new Inbox;  // the signal thread never ends
  RouteSignals(inbox);
  Environment env = Environment::OfProcess();
  RealProcesses processes(env, OwnFolder());
  std::error_code error;
  Context context{std::cout,
                  std::cerr,
                  *inbox,
                  processes,
                  env,
                  DetectTerminal(STDERR_FILENO, env),
                  std::filesystem::current_path(error).string(),
                  geteuid()};
  context.out_terminal = DetectTerminal(STDOUT_FILENO, env);
  context.machine = Machine();
  return static_cast<int>(Run(context, words));
}
