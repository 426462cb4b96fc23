#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/json.h"
#include "cli/stored_tokens.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/token_option.h"

namespace hfget::cli {
namespace {

// The name of a token that nobody was asked about.
constexpr char kUnchecked[] = "unchecked";

absl::StatusOr<v1::WhoAmIResponse> Ask(Context& context, const Options& options,
                                       const std::string& token) {
  absl::StatusOr<Client> client = ConnectToDaemon(context, options);
  if (!client.ok()) return client.status();
  return client->WhoAmI(token);
}

ExitCode FailAs(Context& context, const Options& options, const v1::Error& error,
                absl::string_view what_follows) {
  const std::string message = absl::StrCat(error.message(), what_follows);
  PrintError(context, message);
  if (options.json) context.out << ErrorJson(error.cause(), message) << "\n";
  return ExitCodeOf(error.cause());
}

// What to log in with: given, or asked for; never one that was found.
absl::StatusOr<std::string> TokenToStore(Context& context, const Options& options) {
  std::string token;
  if (options.token.token.empty() && options.token.file.empty()) {
    absl::StatusOr<std::string> line = context.ask_secret(
        "Token of https://huggingface.co/settings/tokens (it is not shown): ", context.err);
    if (!line.ok()) return line.status();
    absl::StatusOr<std::string> clean = CleanToken(*line, "standard input");
    if (!clean.ok()) return clean.status();
    token = *std::move(clean);
  } else {
    absl::StatusOr<FoundToken> found = TakeToken(context, options);
    if (!found.ok()) return found.status();
    token = std::move(found->token);
  }
  if (token.empty()) return absl::InvalidArgumentError("there is no token to log in with");
  if (absl::StartsWith(token, "api_org")) {
    return absl::InvalidArgumentError(
        "that is the token of an organisation: take one of your own account, from "
        "https://huggingface.co/settings/tokens");
  }
  return token;
}

// The environment goes before the files.
void WarnOfEnvironment(Context& context, const Options& options) {
  if (context.env.IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
    PrintNote(context, options,
              "warning: HF_HUB_DISABLE_IMPLICIT_TOKEN is set, so that no stored token is used");
    return;
  }
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    if (context.env.Get(name).empty()) continue;
    PrintNote(context, options,
              absl::StrCat("warning: ", name, " is set and is used instead of the stored token"));
    return;
  }
}

ExitCode Store(Context& context, const Options& options, const std::string& name,
               const std::string& token) {
  const StoredTokens stored(context.env);
  const absl::Status added = stored.Add(name, token);
  if (!added.ok()) return Fail(context, options, added);
  PrintNote(context, options,
            absl::StrCat("the token ", Redacted(token), " is stored as \"", name,
                         "\" and is used from now on (", stored.token_path(), ")"));
  WarnOfEnvironment(context, options);
  return ExitCode::kDone;
}

std::string RoleText(const v1::WhoAmIResponse& account) {
  if (account.token_role().empty()) return "";
  return absl::StrCat(" (permission: ", account.token_role(), ")");
}

std::string WhoAmIText(const v1::WhoAmIResponse& account, const std::string& origin) {
  std::string text = absl::StrCat("user:   ", Printable(account.name()), "\n");
  if (account.orgs_size() > 0) {
    absl::StrAppend(&text, "orgs:   ", Printable(absl::StrJoin(account.orgs(), ",")), "\n");
  }
  absl::StrAppend(&text, "token:  ", account.token_hint());
  if (!account.token_name().empty()) {
    absl::StrAppend(&text, " \"", Printable(account.token_name()), "\"");
  }
  absl::StrAppend(&text, Printable(RoleText(account)), ", from ", Printable(origin), "\n");
  return absl::StrCat(text, "source: ", Printable(account.source()), "\n");
}

}  // namespace

ExitCode RunAuthLogin(Context& context, const Options& options) {
  if (!options.token.token.empty()) {
    PrintNote(context, options,
              "warning: --token can be seen in the process list and in the shell's history; "
              "standard input and --token-file cannot");
  }
  const absl::StatusOr<std::string> token = TokenToStore(context, options);
  if (!token.ok()) return Fail(context, options, token.status());
  if (options.auth.no_check) return Store(context, options, kUnchecked, *token);
  const absl::StatusOr<v1::WhoAmIResponse> account = Ask(context, options, *token);
  if (!account.ok()) return Fail(context, options, account.status());
  if (account->error().cause() == v1::ERROR_CAUSE_UNAUTHORIZED) {
    return FailAs(context, options, account->error(), "; nothing is stored");
  }
  if (account->has_error()) {
    return FailAs(context, options, account->error(),
                  "; nothing is stored: --no-check stores the token without asking");
  }
  PrintNote(context, options,
            absl::StrCat("the token is valid", RoleText(*account), ": logged in as ",
                         account->name()));
  const std::string name = TokenName(
      account->token_name(), TokenName(absl::StrCat("oauth-", account->name()), kUnchecked));
  return Store(context, options, name, *token);
}

ExitCode RunAuthLogout(Context& context, const Options& options) {
  const StoredTokens stored(context.env);
  const std::string& name = options.auth.token_name;
  const absl::StatusOr<TokensByName> tokens = stored.Read();
  const bool any = !tokens.ok() || !tokens->empty() || !stored.Active().empty();
  const absl::Status removed = name.empty() ? stored.RemoveAll() : stored.Remove(name);
  if (!removed.ok()) return Fail(context, options, removed);
  const std::string which =
      name.empty() ? "all stored tokens" : absl::StrCat("the token \"", name, "\"");
  PrintNote(context, options, any ? absl::StrCat("removed ", which) : "no token is stored");
  const absl::StatusOr<FoundToken> left = FindToken(context.env, "");
  if (left.ok() && !left->token.empty() && left->origin != stored.token_path()) {
    PrintNote(context, options,
              absl::StrCat("warning: a token is still found: ", left->origin,
                           ": take it away there"));
  }
  return ExitCode::kDone;
}

ExitCode RunAuthWhoami(Context& context, const Options& options) {
  const absl::StatusOr<FoundToken> found = TakeToken(context, options);
  if (!found.ok()) return Fail(context, options, found.status());
  if (found->anonymous) {
    return Fail(context, options,
                absl::UnauthenticatedError(
                    "no token is used: HF_HUB_DISABLE_IMPLICIT_TOKEN is set, or the token file is "
                    "empty"));
  }
  const absl::StatusOr<v1::WhoAmIResponse> account = Ask(context, options, found->token);
  if (!account.ok()) return Fail(context, options, account.status());
  const std::string origin = found->token.empty() ? "the daemon" : found->origin;
  if (account->has_error()) {
    const std::string where =
        account->token_hint().empty() ? "" : absl::StrCat(" (the token is from ", origin, ")");
    return FailAs(context, options, account->error(), where);
  }
  context.out << (options.json ? WhoAmIJson(*account, origin) + "\n"
                               : WhoAmIText(*account, origin));
  return ExitCode::kDone;
}

ExitCode RunAuthList(Context& context, const Options& options) {
  const StoredTokens stored(context.env);
  const absl::StatusOr<TokensByName> tokens = stored.Read();
  if (!tokens.ok()) return Fail(context, options, tokens.status());
  const std::string active = stored.Active();
  std::vector<ShownToken> shown;
  for (const auto& [name, fields] : *tokens) {
    const auto token = fields.find("hf_token");
    const bool set = token != fields.end() && !token->second.empty();
    shown.push_back({name, set ? Redacted(token->second) : "", set && token->second == active});
  }
  if (options.json) {
    context.out << TokensJson(shown) << "\n";
  } else if (shown.empty()) {
    PrintNote(context, options, "no token is stored: hfget auth login");
  } else {
    Table table({Align::kLeft, Align::kLeft, Align::kLeft});
    table.Add({" ", "NAME", "TOKEN"});
    for (const ShownToken& t : shown) {
      table.Add({t.active ? "*" : " ", t.name, t.hint.empty() ? "-" : t.hint});
    }
    context.out << table.ToString();
  }
  WarnOfEnvironment(context, options);
  return ExitCode::kDone;
}

}  // namespace hfget::cli
