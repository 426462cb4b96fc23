#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/daemon_control.h"
#include "cli/follow.h"
#include "cli/json.h"
#include "cli/outcome.h"
#include "cli/pull_target.h"
#include "cli/pull_text.h"
#include "cli/terms_option.h"
#include "cli/token_option.h"

namespace hfget::cli {
namespace {

void Warn(Context& context, const Options& options) {
  const PullOptions& pull = options.pull;
  if (!pull.files.empty() && !(pull.include.empty() && pull.exclude.empty())) {
    PrintNote(context, options,
              "warning: --include and --exclude are ignored, because files are named");
  }
  if (pull.has_local_dir && pull.has_cache_dir) {
    PrintNote(context, options, "warning: --cache-dir is ignored, because --local-dir is set");
  }
  WarnOfVisibleToken(context, options, IsModelScope(pull.repo) ? "MODELSCOPE_API_TOKEN" : "HF_TOKEN");
}

ExitCode Detach(Context& context, const Options& options, const v1::Pull& pull) {
  PrintNote(context, options,
            absl::StrCat("the daemon pulls ", PullName(pull), ": hfget watch ", pull.id(),
                         " · stop it: hfget cancel ", pull.id()));
  context.out << (options.json ? PullJson(pull, /*detached=*/true) : pull.id()) << "\n";
  return ExitCode::kDone;
}

// What the command was given is for the hub whose repo it names; what is found has a realm of its own.
absl::Status SetTokens(Context& context, const Options& options, v1::PullRequest* request) {
  absl::StatusOr<std::string> scope = CleanToken(context.env.Get("MODELSCOPE_API_TOKEN"), "MODELSCOPE_API_TOKEN");
  if (!scope.ok()) return scope.status();
  request->set_modelscope_token(*std::move(scope));
  const bool given = !options.token.token.empty() || !options.token.file.empty();
  if (IsModelScope(options.pull.repo) && !given) return absl::OkStatus();
  absl::StatusOr<FoundToken> token = TakeToken(context, options);
  if (!token.ok()) return token.status();
  if (IsModelScope(options.pull.repo)) {
    request->set_modelscope_token(std::move(token->token));
    return absl::OkStatus();
  }
  request->set_token_is_ambient(!token->token.empty() && !token->given);
  request->set_anonymous(token->anonymous);
  request->set_token(std::move(token->token));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::PullRequest> MakePullRequest(Context& context,
                                                const Options& all_options) {
  const PullOptions& options = all_options.pull;
  if (options.repo.empty()) return absl::InvalidArgumentError("pull needs a repo: org/name");
  v1::PullRequest request;
  request.set_repo(options.repo);
  request.set_type(TypeOfName(options.type));
  request.set_revision(options.revision);
  request.mutable_files()->Assign(options.files.begin(), options.files.end());
  request.mutable_include()->Assign(options.include.begin(), options.include.end());
  request.mutable_exclude()->Assign(options.exclude.begin(), options.exclude.end());
  request.set_authority(options.authority);
  request.set_dry_run(options.dry_run);
  absl::StatusOr<TargetFolders> target = TargetOf(context, options);
  if (!target.ok()) return target.status();
  request.set_local_dir(std::move(target->local_dir));
  request.set_cache_dir(std::move(target->cache_dir));
  request.set_modelscope_id(options.modelscope_id);
  request.set_max_bytes_per_sec(static_cast<int64_t>(std::min<uint64_t>(options.limit_rate, std::numeric_limits<int64_t>::max())));
  request.set_max_connections(options.max_connections);
  if (const absl::Status status = SetTerms(all_options, context.now(), &request); !status.ok()) return status;
  if (const absl::Status status = SetTokens(context, all_options, &request); !status.ok()) return status;
  return request;
}

ExitCode RunPull(Context& context, const Options& options) {
  Warn(context, options);
  absl::StatusOr<v1::PullRequest> request = MakePullRequest(context, options);
  if (!request.ok()) return Fail(context, options, request.status());
  absl::StatusOr<DaemonControl> control = DaemonControl::Make(&context, options);
  if (!control.ok()) return Fail(context, options, control.status());
  absl::StatusOr<Client> client = control->Connect(Start::kAlways);
  if (!client.ok()) return Fail(context, options, client.status());
  // Our default cache says nothing to a daemon of another user or machine: it has its own.
  if (control->foreign() && !options.pull.has_cache_dir) request->clear_cache_dir();
  const absl::StatusOr<v1::PullResponse> response = client->Pull(*request);
  if (!response.ok()) return Fail(context, options, response.status());
  if (options.pull.detach) return Detach(context, options, response->pull());
  const std::unique_ptr<View> view = MakeView(context, options);
  if (response->joined() && !IsOver(response->pull()) && !options.json) {
    view->Say("the same pull runs already: joined it");
  }
  const Followed followed = Follower(&context, &*control, view.get())
                                .Follow(*std::move(client), response->pull(), &*request);
  return Conclude(context, options, followed);
}

}  // namespace hfget::cli
