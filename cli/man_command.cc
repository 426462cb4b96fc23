#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/man_page.h"

namespace hfget::cli {
namespace {

absl::Status WritePage(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text << std::flush;
  if (file.good()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("cannot write the page ", path));
}

absl::Status WritePages(const CLI::App& app, const std::string& folder) {
  std::vector<std::string> commands = CommandsWithPage(app);
  commands.push_back("");
  std::error_code error;
  std::filesystem::create_directories(folder, error);  // when that fails, so does the writing
  for (const std::string& command : commands) {
    const absl::Status status = WritePage(absl::StrCat(folder, "/", ManPageName(command)), ManPage(app, command));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

ExitCode RunMan(Context& context, const Options& options) {
  Options unused;
  const std::unique_ptr<CLI::App> app = MakeApp(&unused);
  if (!options.man.into.empty()) {
    const absl::Status status = WritePages(*app, AbsolutePath(context.cwd, options.man.into));
    return status.ok() ? ExitCode::kDone : Fail(context, options, status);
  }
  const std::string page = ManPage(*app, options.man.command);
  // Where there is no man, the source is better than nothing.
  if (context.out_terminal.draws && context.processes.Become({"man", "-l", "-"}, page).ok()) return ExitCode::kDone;
  context.out << page;
  return ExitCode::kDone;
}

}  // namespace hfget::cli
