#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "cli/command_line.h"
#include "cli/commands.h"

namespace hfget::cli {
namespace {

struct Word {
  std::string text;  // "pull", "--local-dir"
  std::string description;
};

// What may follow after `chain`, which is "" or " pull" or " daemon start".
struct Place {
  std::string chain;
  std::vector<Word> commands;
  std::vector<Word> flags;
};

void Collect(const CLI::App& app, const std::string& chain, std::vector<Place>* places) {
  Place place{chain, {}, {}};
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* command : commands) {
    place.commands.push_back({command->get_name(), command->get_description()});
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      place.flags.push_back({"--" + name, option->get_description()});
    }
  }
  places->push_back(std::move(place));
  for (const CLI::App* command : commands) {
    Collect(*command, absl::StrCat(chain, " ", command->get_name()), places);
  }
}

std::string Texts(const Place& place) {
  std::vector<std::string> texts;
  for (const auto* words : {&place.commands, &place.flags}) {
    for (const Word& word : *words) texts.push_back(word.text);
  }
  return absl::StrJoin(texts, " ");
}

// The arms of a `case` over the chain of commands so far; `action` has $0 for the words.
std::string Arms(const std::vector<Place>& places, absl::string_view action) {
  std::string arms;
  for (const Place& place : places) {
    absl::StrAppend(&arms, "    \"", place.chain, "\") ",
                    absl::StrReplaceAll(action, {{"$0", Texts(place)}}), " ;;\n");
  }
  return arms;
}

std::string Chains(const std::vector<Place>& places) {
  std::vector<std::string> chains;
  for (const Place& place : places) {
    if (!place.chain.empty()) chains.push_back(absl::StrCat("\"", place.chain, "\""));
  }
  return absl::StrJoin(chains, "|");
}

std::string Bash(const std::vector<Place>& places) {
  return absl::StrCat(
      "# hfget: source <(hfget completion bash)\n"
      "_hfget() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" chain=\"\" word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$chain $word\" in ",
      Chains(places),
      ") chain=\"$chain $word\" ;; esac\n"
      "  done\n"
      "  case \"$chain\" in\n",
      Arms(places, "COMPREPLY=($(compgen -W \"$0\" -- \"$cur\"))"),
      "  esac\n"
      "}\n"
      "complete -o default -F _hfget hfget\n");
}

std::string Zsh(const std::vector<Place>& places) {
  return absl::StrCat(
      "#compdef hfget\n"
      "# hfget: source <(hfget completion zsh)\n"
      "_hfget() {\n"
      "  local chain=\"\" word\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$chain $word\" in ",
      Chains(places),
      ") chain=\"$chain $word\" ;; esac\n"
      "  done\n"
      "  case \"$chain\" in\n",
      Arms(places, "compadd -- $0 || _files"),
      "  esac\n"
      "}\n"
      "if [ \"$funcstack[1]\" = \"_hfget\" ]; then _hfget \"$@\"; else compdef _hfget hfget; fi\n");
}

std::string FishCondition(const std::string& chain) {
  if (chain.empty()) return "__fish_use_subcommand";
  return absl::StrCat("__fish_seen_subcommand_from", chain.substr(chain.rfind(' ')));
}

std::string FishQuote(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

std::string Fish(const std::vector<Place>& places) {
  std::string script = "# hfget: hfget completion fish | source\n";
  for (const Place& place : places) {
    const std::string head =
        absl::StrCat("complete -c hfget -n '", FishCondition(place.chain), "' ");
    for (const Word& word : place.commands) {
      absl::StrAppend(&script, head, "-f -a ", word.text, " -d ", FishQuote(word.description),
                      "\n");
    }
    for (const Word& word : place.flags) {
      absl::StrAppend(&script, head, "-l ", word.text.substr(2), " -d ",
                      FishQuote(word.description), "\n");
    }
  }
  return script;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, absl::string_view shell) {
  std::vector<Place> places;
  Collect(app, "", &places);
  if (shell == "fish") return Fish(places);
  return shell == "zsh" ? Zsh(places) : Bash(places);
}

ExitCode RunCompletion(Context& context, const Options& options) {
  Options unused;
  context.out << CompletionScript(*MakeApp(&unused), options.shell);
  return ExitCode::kDone;
}

}  // namespace hfget::cli
