#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace hfget::cli {
namespace {

// An unset variable in a script must not quietly mean something else.
const CLI::Validator kNotEmpty(
    [](std::string& value) { return value.empty() ? "must not be empty" : std::string(); }, "",
    "not empty");

void AddGlobal(CLI::App* app, Options* options) {
  app->add_option("--socket", options->socket, "The daemon's socket")
      ->type_name("PATH")
      ->group("Daemon");
  const auto add = [&](const char* flag, std::string* value, const char* what, const char* type) {
    app->add_option(flag, *value, what)->type_name(type)->group("Daemon")->check(kNotEmpty);
  };
  add("--daemon-user", &options->daemon_user, "Whose daemon may be at the socket, besides yours and root's (HFGET_DAEMON_USER)", "USER");
  add("--address", &options->address, "A daemon that is reached by TCP (HFGET_ADDRESS)", "HOST:PORT");
  add("--api-token-file", &options->api_token_file, "The token that lets you in there (HFGET_API_TOKEN_FILE)", "FILE");
  add("--ca", &options->ca, "Who has signed its certificate (HFGET_CA)", "FILE");
  add("--cert", &options->cert, "Your certificate for it (HFGET_CERT)", "FILE");
  add("--key", &options->key, "The key of --cert (HFGET_KEY)", "FILE");
  app->add_option("--config", options->config, "The daemon's config file, when this starts it")
      ->type_name("FILE")
      ->group("Daemon");
  app->add_option("--state-dir", options->state_dir,
                  "The daemon's state folder, when this starts it")
      ->type_name("DIR")
      ->group("Daemon");
}

CLI::App* AddCommand(CLI::App* app, Options* options, const std::string& name,
                     const std::string& description) {
  CLI::App* command = app->add_subcommand(name, description);
  AddGlobal(command, options);
  const std::string parent = app->get_parent() == nullptr ? "" : app->get_name() + " ";
  command->parse_complete_callback([options, name, parent] {
    if (options->command.empty()) options->command = parent + name;  // a command's own commands come before it
  });
  return command;
}

// To a number of bytes, which is above 0 and has a place in the API. `what`: "\"x\" is …".
CLI::Validator InBytes(const std::string& what, const std::string& suffix) {
  const auto convert = [what, suffix](std::string& text) -> std::string {
    const std::string written = text;
    text = std::string(absl::StripSuffix(text, suffix));
    try {  // CLI11 answers by exception or by text
      int64_t bytes = 0;
      if (CLI::AsSizeValue(/*kb_is_1000=*/true)(text).empty() && absl::SimpleAtoi(text, &bytes) && bytes > 0) return "";
    } catch (const CLI::ValidationError&) {
    }
    return absl::StrCat("\"", written, "\" is no ", what);
  };
  return CLI::Validator(convert, "");
}

CLI::Validator RateInBytes() { return InBytes("rate: write bytes a second, such as 500KB, 20MB or 20MiB", "/s"); }
CLI::Validator SizeInBytes() { return InBytes("size: write bytes above 0, such as 500KB, 64MiB or 1GiB", ""); }

void AddQuiet(CLI::App* app, Options* options) {
  app->add_flag("-q,--quiet", options->quiet, "Nothing on standard error but errors");
}

// One value a flag, so that the words after it stay files.
void AddPatterns(CLI::App* app, const std::string& name, std::vector<std::string>* patterns,
                 const std::string& description) {
  app->add_option(name, *patterns, description)->type_name("PATTERN")->allow_extra_args(false);
}

void AddToken(CLI::App* app, Options* options) {
  CLI::Option* token =
      app->add_option("--token", options->token.token,
                      "A Hugging Face token; visible to others in the process list and kept by the "
                      "shell's history: prefer HF_TOKEN or --token-file")
          ->type_name("T");
  app->add_option("--token-file", options->token.file,
                  "A file with the token, such as a mounted secret; - is standard input")
      ->type_name("FILE")
      ->check(kNotEmpty)
      ->excludes(token);
}

void AddAuth(CLI::App* app, Options* options) {
  CLI::App* auth =
      app->add_subcommand("auth", "Log in and out, in the files that hf auth reads and writes");
  auth->require_subcommand(1);
  CLI::App* login = AddCommand(auth, options, "login",
                               "Store a token: asked for on a terminal, else standard input's line");
  AddToken(login, options);
  login->add_flag("--no-check", options->auth.no_check,
                  "Store it without asking the hub whose it is, e.g. when no hub is reachable");
  AddQuiet(login, options);
  CLI::App* logout = AddCommand(auth, options, "logout", "Remove the stored tokens");
  logout->add_option("--token-name", options->auth.token_name, "Remove this one alone")
      ->type_name("NAME")
      ->check(kNotEmpty);
  AddQuiet(logout, options);
  CLI::App* whoami =
      AddCommand(auth, options, "whoami", "Say whose token would be used: exit code 4 when none");
  AddToken(whoami, options);
  whoami->add_flag("--json", options->json, "A JSON object");
  CLI::App* list = AddCommand(auth, options, "list", "List the stored tokens; * is the one in use");
  list->add_flag("--json", options->json, "A JSON array");
}

// Where the files of a pull go.
void AddTarget(CLI::App* app, PullOptions* p) {
  app->add_option("--local-dir", p->local_dir, "Put the files there instead of into the cache")
      ->type_name("DIR")
      ->each([p](const std::string&) { p->has_local_dir = true; });
  app->add_option("--cache-dir", p->cache_dir,
                  "The cache; default: that of huggingface_hub, or of modelscope for modelscope://")
      ->type_name("DIR")
      ->each([p](const std::string&) { p->has_cache_dir = true; });
}

void AddTypeAndRevision(CLI::App* app, PullOptions* p) {
  app->add_option("--type,--repo-type", p->type, "model (default), dataset or space")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"model", "dataset", "space"}));
  app->add_option("--revision", p->revision, "Branch, tag, refs/pr/N or commit; default: main, or master for modelscope://")
      ->type_name("REV")
      ->check(kNotEmpty);
}

void AddLabels(CLI::App* app, Options* options, const char* type, const char* description) {
  app->add_option("--label", options->labels, description)->type_name(type)->allow_extra_args(false)->check(kNotEmpty);
}

// Its turn among others.
void AddTerms(CLI::App* app, Options* options) {
  PullOptions* p = &options->pull;
  app->add_option("--priority", p->priority, "Higher goes first; one that waits takes the connections of lower ones. Default: 0")
      ->type_name("-100..100")
      ->check(CLI::Range(-100, 100).description(""));
  app->add_option("--deadline", p->deadline, "When to give up: a span such as 90s or 2h30m, or a time such as 2026-01-31T08:00:00Z")
      ->type_name("WHEN")
      ->check(kNotEmpty);
  app->add_option("--request-id", p->request_id, "Your name for this request: the same again within a day is the same pull")
      ->type_name("NAME")
      ->check(kNotEmpty);
  AddLabels(app, options, "KEY=VALUE", "A label to find it by; may be repeated");
}

// Which files of which repo, where they go, on whose word, with whose token.
void AddSubject(CLI::App* app, Options* options) {
  PullOptions* p = &options->pull;
  app->add_option("repo", p->repo,
                  "org/name, hf://[datasets/|spaces/]org/name[@revision][/path], or "
                  "modelscope://[datasets/]org/name[@revision][/path]")
      ->required()
      ->type_name("REPO");
  app->add_option("files", p->files, "Files, folders (\"dir/\") or patterns; default: all")
      ->type_name("FILES");
  AddTypeAndRevision(app, p);
  AddPatterns(app, "--include", &p->include, "Keep what matches (fnmatch); may be repeated");
  AddPatterns(app, "--exclude", &p->exclude, "Leave out what matches; may be repeated");
  AddTarget(app, p);
  AddToken(app, options);
  app->add_option("--authority", p->authority, "Believe the listing of this source alone")
      ->type_name("SOURCE");
  app->add_option("--modelscope-id", p->modelscope_id,
                  "Under which name ModelScope has the same files; default: it is looked for")
      ->type_name("ORG/NAME")
      ->check(kNotEmpty);
}

void AddPull(CLI::App* app, Options* options) {
  CLI::App* pull = AddCommand(app, options, "pull", "Pull a repo, or files of it");
  PullOptions* p = &options->pull;
  AddSubject(pull, options);
  pull->add_option("--limit-rate", p->limit_rate, "Bytes a second at most, such as 500KB, 20MB or 20MiB")
      ->type_name("RATE")
      ->transform(RateInBytes());
  pull->add_option("--max-connections", p->max_connections, "Connections at most")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  AddTerms(pull, options);
  CLI::Option* dry = pull->add_flag("--dry-run", p->dry_run, "Say what would be fetched");
  pull->add_flag("--detach", p->detach, "Print the pull's id and leave it to the daemon")
      ->excludes(dry);
  AddQuiet(pull, options);
  pull->add_flag(
      "--json", options->json,
      "One JSON object on standard output, at the end, instead of the path and of progress");
  pull->footer(absl::StrCat("Standard output: the path alone. Progress goes to standard error.\n\n", ExitCodeHelp()));
}

void AddVerify(CLI::App* app, Options* options) {
  CLI::App* verify = AddCommand(app, options, "verify",
                                "Read what was pulled, every byte, and compare it with the hub's hashes");
  AddSubject(verify, options);
  verify->add_flag("--repair", options->repair, "Pull again what is not as listed");
  AddQuiet(verify, options);
  verify->add_flag("--json", options->json, "One JSON object on standard output, at the end");
  verify->footer(std::string("Compares with the commit that was pulled, as far as it is known, else with what the hub has now.\n"
                             "Standard output: a line for each file that is not as listed. Exit code 0: all are, or were repaired.\n\n") +
                 ExitCodeHelp());
}

// What every bench command answers with.
void AddBenchOutputs(CLI::App* app, Options* options, const char* json, const char* csv) {
  app->add_option("--sources", options->bench.sources, "These alone, such as official,tuna; default: all that are switched on")
      ->type_name("A,B")
      ->check(kNotEmpty);
  app->add_flag("--json", options->json, json);
  app->add_flag("--csv", options->bench.csv, csv);
  app->add_option("--html", options->bench.html, "A page with charts, complete in itself; - is standard output")
      ->type_name("FILE")
      ->check(kNotEmpty);
}

void AddBenchSizes(CLI::App* app, BenchOptions* b) {
  app->add_option("--size", b->size_bytes, "Of a sample, at most. Default: 64MiB")->type_name("SIZE")->transform(SizeInBytes());
  app->add_option("--connections", b->connections, "How many at once: each of these is tried. Default: 1,2,4,8")->type_name("N,N")->check(kNotEmpty);
  app->add_option("--rounds", b->rounds, "How often every source has its turn. Default: 3")->type_name("N")->check(CLI::Range(1, 100));
  app->add_option("--duration", b->duration, "Of a sample, at most, such as 20s. Default: 20s")->type_name("SPAN")->check(kNotEmpty);
  app->add_option("--max-bytes", b->max_bytes, "Of all samples together. Default: 512MiB")->type_name("SIZE")->transform(SizeInBytes());
}

void AddBench(CLI::App* app, Options* options) {
  CLI::App* bench = AddCommand(app, options, "bench", "Measure what each source gives from here");
  BenchOptions* b = &options->bench;
  bench->add_option("repo", b->what, "org/name[/path/of/a/file], or hf:// and modelscope:// as for pull; default: a public one")
      ->type_name("REPO[/FILE]")
      ->check(kNotEmpty);
  AddBenchOutputs(bench, options, "One JSON object at the end: plan, samples, report", "A line a sample, as they come");
  AddBenchSizes(bench, b);
  bench->add_option("--watch", b->watch, "Again every so often, such as 15m, until Ctrl-C: a line a round")->type_name("SPAN")->check(kNotEmpty);
  AddTypeAndRevision(bench, &options->pull);
  AddToken(bench, options);
  AddQuiet(bench, options);
  bench->require_subcommand(0, 1);
  bench->footer(std::string("Sources take turns; bytes are thrown away, nothing is written. What was measured counts for the next pull.\n"
                            "Exit code 0: at least one source has brought bytes. Ctrl-C ends it with what is known so far.\n\n") +
                ExitCodeHelp());
  CLI::App* history = AddCommand(bench, options, "history", "What earlier benches measured, over time");
  AddBenchOutputs(history, options, "A JSON array", "A line a source and bench");
  history->add_option("--since", b->since, "Only these last, such as 7d or 12h; default: all that is remembered")->type_name("SPAN")->check(kNotEmpty);
}

void AddDoctor(CLI::App* app, Options* options) {
  CLI::App* doctor = AddCommand(app, options, "doctor",
                                "Say whether a pull would work from here, and what to do when not");
  doctor->add_option("repo", options->pull.repo, "As for pull; default: what holds for every repo")
      ->type_name("REPO");
  AddTypeAndRevision(doctor, &options->pull);
  AddTarget(doctor, &options->pull);
  AddToken(doctor, options);
  doctor->add_flag("--json", options->json, "One JSON object");
  doctor->footer(absl::StrCat("Exit code 0 only if a pull would work.\n\n", ExitCodeHelp()));
}

void AddPulls(CLI::App* app, Options* options) {
  CLI::App* ps = AddCommand(app, options, "ps", "List the pulls that run");
  ps->add_flag("-a,--all", options->all, "Also those that have ended");
  AddLabels(ps, options, "KEY[=VALUE]", "Only those with this label; may be repeated");
  ps->add_flag("--json", options->json, "A JSON array");
  CLI::App* watch = AddCommand(app, options, "watch", "Come back to a pull and stay until it ends");
  watch->add_option("id", options->id, "Its id, or the beginning of it")
      ->required()
      ->type_name("ID");
  AddQuiet(watch, options);
  watch->add_flag("--json", options->json,
                  "One JSON object a line, a line a snapshot; the last is final");
  CLI::App* cancel = AddCommand(app, options, "cancel", "Stop a pull");
  cancel->add_option("id", options->id, "Its id, or the beginning of it")
      ->required()
      ->type_name("ID");
  cancel->add_flag("--purge", options->purge, "Also delete its unfinished partial files");
  AddQuiet(cancel, options);
  const std::pair<const char*, const char*> changes[] = {
      {"pause", "Let pulls stand still until they are resumed, also over restarts"},
      {"resume", "Let paused pulls go on"},
      {"retry", "Begin pulls that have failed or were cancelled again, under their ids"},
      {"rm", "Forget pulls that have ended; their files stay"}};
  for (const auto& [name, description] : changes) {
    CLI::App* change = AddCommand(app, options, name, description);
    change->add_option("ids", options->ids, "Their ids, or the beginnings of them")->required()->type_name("ID")->check(kNotEmpty);
    AddQuiet(change, options);
  }
}

void AddSources(CLI::App* app, Options* options) {
  CLI::App* sources = AddCommand(app, options, "sources", "Show the sources and their health");
  sources->add_flag("--json", options->json, "A JSON array");
  CLI::Option* explain =
      sources
          ->add_option("--explain", options->source,
                       "Why this one stands where it stands: figures and evidence")
          ->type_name("NAME")
          ->check(kNotEmpty);
  sources->require_subcommand(0, 1);
  const std::pair<const char*, const char*> changes[] = {
      {"enable", "Use it, also over restarts"},
      {"disable", "Do not use it, also over restarts"},
      {"reset", "Forget its pace, failures, convictions and proof"},
      {"probe", "Ask it, or all, now: does it speak its dialect, does it pass Authorization on"}};
  for (const auto& [name, description] : changes) {
    CLI::App* change = AddCommand(sources, options, name, description);
    change->excludes(explain);  // else the two would mean different sources
    CLI::Option* source = change->add_option("name", options->source, "The source")
                              ->type_name("NAME")
                              ->check(kNotEmpty);
    if (std::string(name) != "probe") source->required();
    change->add_flag("--json", options->json, "A JSON array");
  }
}

void AddTop(CLI::App* app, Options* options) {
  CLI::App* top = AddCommand(app, options, "top", "Watch the daemon: its sources, its pulls, and the pieces of one");
  top->add_option("id", options->id, "The pull whose pieces are shown, or the beginning of its id; default: the one that moves fastest")
      ->type_name("ID");
  top->add_flag("--once", options->top.once, "One frame, then end; so it is without a terminal, too");
  top->add_option("--interval", options->top.interval, "Between two frames; default: 1")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 3600.0).description(""));
  top->add_flag("--json", options->json, "One JSON object a line, a line a frame");
}

void AddLogs(CLI::App* app, Options* options) {
  CLI::App* logs = AddCommand(app, options, "logs", "Show the daemon's log, whether it runs or not");
  logs->add_flag("-f,--follow", options->logs.follow, "Go on with what is logged next, until Ctrl-C");
  logs->add_option("-n,--lines", options->logs.lines, "The last so many; default: 100, or with --since all")
      ->type_name("LINES")
      ->check(CLI::Validator(CLI::NonNegativeNumber).description(""));
  logs->add_option("--since", options->logs.since, "Not older: a span such as 10m or 2h30m, or a time such as 2026-01-31T08:00:00Z")
      ->type_name("WHEN")
      ->check(kNotEmpty);
}

void AddRest(CLI::App* app, Options* options) {
  CLI::App* daemon = app->add_subcommand("daemon", "Start, stop or look at the daemon");
  daemon->require_subcommand(1);
  CLI::App* start =
      AddCommand(daemon, options, "start", "Start it; any other command does so too");
  start->add_option("--token-file", options->daemon_token_file,
                    "The token for pulls that bring none, read anew at each pull: a mounted secret")
      ->type_name("FILE")
      ->check(kNotEmpty);
  AddQuiet(start, options);
  AddQuiet(AddCommand(daemon, options, "stop", "Stop it; its pulls go on at the next start"),
           options);
  AddCommand(daemon, options, "status", "Whether it runs: exit code 0, else 3");
  AddTop(app, options);
  AddLogs(app, options);
  AddCommand(app, options, "stats", "The daemon's figures since it started, and how things stand")
      ->add_flag("--json", options->json, "A JSON object");
  AddCommand(app, options, "version", "The versions of hfget and of the daemon that runs");
  CLI::App* completion =
      AddCommand(app, options, "completion", "Print a completion script: bash, zsh or fish");
  completion->add_option("shell", options->shell, "bash, zsh or fish")
      ->required()
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// REQUIRES: all other commands are there.
void AddMan(CLI::App* app, Options* options) {
  CLI::App* man = AddCommand(app, options, "man", "Show the manual, or print its source where that is no terminal");
  man->add_option("command", options->man.command, "Of this command; default: of hfget itself")
      ->type_name("COMMAND")
      ->check(CLI::IsMember(CommandNames(*app)).description(""));
  man->add_option("--into", options->man.into, "Write the source of all pages into this folder")->type_name("DIR")->check(kNotEmpty);
}

std::string UnknownCommand(const CLI::App& app, const std::string& word) {
  const std::string near = DidYouMean(word, CommandNames(app));
  return absl::StrCat("unknown command '", word, "'", near.empty() ? "" : ": did you mean '", near,
                      near.empty() ? ": hfget --help lists them" : "'?");
}

// The first word that is a command's place and names none; "" when there is none. Global options
// come before it.
std::string MisplacedCommand(const CLI::App& app, const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    static const std::set<std::string> kWithValue = {"--socket", "--config", "--state-dir", "--daemon-user", "--address",
                                                     "--api-token-file", "--ca", "--cert", "--key"};
    if (kWithValue.count(words[i]) > 0) {
      ++i;
    } else if (!words[i].starts_with("-")) {
      const std::vector<std::string> names = CommandNames(app);
      return std::find(names.begin(), names.end(), words[i]) == names.end() ? words[i] : "";
    }
  }
  return "";
}

int Distance(const std::string& a, const std::string& b) {
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i));
    for (size_t j = 1; j <= b.size(); ++j) {
      const int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row[b.size()];
}

// The command that was being parsed, with the words before its name in `prefix`.
const CLI::App& Deepest(const CLI::App& app, std::string* prefix) {
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) {
    absl::StrAppend(prefix, prefix->empty() ? "" : " ", deepest->get_name());
    deepest = deepest->get_subcommands().front();
  }
  return *deepest;
}

std::string HelpOf(const CLI::App& app) {
  std::string prefix;
  const CLI::App& deepest = Deepest(app, &prefix);
  return deepest.help(prefix);
}

std::string UsageError(const CLI::App& app, const std::string& error) {
  std::string prefix;
  const CLI::App& deepest = Deepest(app, &prefix);
  return absl::StrCat(absl::StrReplaceAll(error, {{"\n", " "}}), ": see ", prefix,
                      prefix.empty() ? "" : " ", deepest.get_name(), " --help");
}

}  // namespace

std::unique_ptr<CLI::App> MakeApp(Options* options) {
  auto app = std::make_unique<CLI::App>(
      "Pulls Hugging Face repositories through whichever endpoints work best.", "hfget");
  AddGlobal(app.get(), options);
  app->add_flag_callback(
      "--version", [options] { options->command = "version"; }, "The same as the command version");
  AddPull(app.get(), options);
  AddVerify(app.get(), options);
  AddPulls(app.get(), options);
  AddBench(app.get(), options);
  AddDoctor(app.get(), options);
  AddAuth(app.get(), options);
  AddSources(app.get(), options);
  AddRest(app.get(), options);
  AddMan(app.get(), options);
  app->require_subcommand(0, 1);
  app->footer(ExitCodeHelp());
  return app;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  int best_distance = 3;  // more changes than two are another word
  for (const std::string& candidate : known) {
    const int distance = Distance(word, candidate);
    if (distance < best_distance && distance < static_cast<int>(candidate.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

CommandLine ParseCommandLine(std::vector<std::string> words) {
  Options options;
  const std::unique_ptr<CLI::App> app = MakeApp(&options);
  CommandLine line;
  if (const std::string word = MisplacedCommand(*app, words); !word.empty()) {
    line.error = UnknownCommand(*app, word);
    return line;
  }
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app->parse(std::move(words));
    line.options = std::move(options);
    if (line.options->command.empty()) line.help = app->help();
    if (line.options->command.empty()) line.options.reset();
  } catch (const CLI::CallForHelp&) {
    line.help = HelpOf(*app);
  } catch (const CLI::ParseError& error) {
    line.error = UsageError(*app, error.what());
  }
  return line;
}

}  // namespace hfget::cli
