#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/json.h"
#include "cli/sources_text.h"

namespace hfget::cli {
namespace {

// A name that the user mistyped is a mistake of usage, not something that was not found.
ExitCode FailSource(Context& context, const Options& options, const absl::Status& status) {
  const bool mistyped = absl::IsNotFound(status);
  return Fail(context, options, mistyped ? absl::InvalidArgumentError(status.message()) : status);
}

void Print(Context& context, const Options& options,
           const google::protobuf::RepeatedPtrField<v1::Source>& sources) {
  if (options.json) {
    context.out << SourcesJson(sources) << "\n";
  } else {
    const Terminal& terminal = context.out_terminal;
    const int width = terminal.draws ? terminal.size().width : 0;
    context.out << SourcesText(sources, {width, terminal.color, terminal.unicode});
  }
}

ExitCode Explain(Context& context, const Options& options, Client& client) {
  const absl::StatusOr<v1::ExplainSourceResponse> explained = client.ExplainSource(options.source);
  if (!explained.ok()) return FailSource(context, options, explained.status());
  context.out << (options.json ? ExplanationJson(*explained) + "\n" : ExplanationText(*explained));
  return ExitCode::kDone;
}

ExitCode Change(Context& context, const Options& options, v1::SetSourceRequest::Change change) {
  absl::StatusOr<Client> client = ConnectToDaemon(context, options);
  if (!client.ok()) return Fail(context, options, client.status());
  const absl::StatusOr<v1::SetSourceResponse> set = client->SetSource(options.source, change);
  if (!set.ok()) return FailSource(context, options, set.status());
  google::protobuf::RepeatedPtrField<v1::Source> one;
  *one.Add() = set->source();
  Print(context, options, one);
  return ExitCode::kDone;
}

}  // namespace

ExitCode RunSources(Context& context, const Options& options) {
  absl::StatusOr<Client> client = ConnectToDaemon(context, options);
  if (!client.ok()) return Fail(context, options, client.status());
  if (!options.source.empty()) return Explain(context, options, *client);
  const absl::StatusOr<v1::ListSourcesResponse> sources = client->ListSources();
  if (!sources.ok()) return Fail(context, options, sources.status());
  Print(context, options, sources->sources());
  return ExitCode::kDone;
}

ExitCode RunSourcesEnable(Context& context, const Options& options) {
  return Change(context, options, v1::SetSourceRequest::CHANGE_ENABLE);
}

ExitCode RunSourcesDisable(Context& context, const Options& options) {
  return Change(context, options, v1::SetSourceRequest::CHANGE_DISABLE);
}

ExitCode RunSourcesReset(Context& context, const Options& options) {
  return Change(context, options, v1::SetSourceRequest::CHANGE_RESET);
}

ExitCode RunSourcesProbe(Context& context, const Options& options) {
  absl::StatusOr<Client> client = ConnectToDaemon(context, options);
  if (!client.ok()) return Fail(context, options, client.status());
  const absl::StatusOr<v1::ProbeSourceResponse> probed = client->ProbeSource(options.source);
  if (!probed.ok()) return FailSource(context, options, probed.status());
  Print(context, options, probed->sources());
  const bool any = std::any_of(probed->sources().begin(), probed->sources().end(),
                               [](const v1::Source& source) { return source.state() == "ok"; });
  return any ? ExitCode::kDone : ExitCode::kNoSource;
}

}  // namespace hfget::cli
