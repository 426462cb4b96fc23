#include "daemon/engine/doctor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/engine/folder_check.h"
#include "daemon/hub/hf_dialect.h"

namespace hfget::engine {
namespace {

hub::Finding Reachable(const Question::Reply& reply) {
  hub::Finding finding;
  finding.check = "route";
  finding.cause = "reachable";
  finding.subject = reply.seen.source;
  finding.message = "a hub answers";
  finding.evidence = absl::StrCat("HTTP ", reply.seen.status, " after ", absl::ToInt64Milliseconds(reply.time), " ms from ",
                                  reply.seen.address);
  if (!reply.seen.proxy.empty()) {
    absl::StrAppend(&finding.evidence, " by the proxy ", reply.seen.proxy, " (", reply.seen.proxy_origin, ")");
  }
  return finding;
}

hub::Finding NotUsed(const SourceConfig& config, const std::string& why) {
  hub::Finding finding;
  finding.severity = hub::Severity::kWarning;
  finding.check = "source";
  finding.cause = "source-disabled";
  finding.subject = config.name;
  finding.message = "pulls leave it out";
  finding.evidence = why;
  finding.fix = absl::StrCat("when the reason is gone: hfget sources reset ", config.name);
  return finding;
}

hub::Finding NoSource() {
  hub::Finding finding;
  finding.severity = hub::Severity::kProblem;
  finding.check = "source";
  finding.cause = "no-source";
  finding.subject = "sources";
  finding.message = "no source of Hugging Face repos is switched on";
  finding.fix = "hfget sources, then hfget sources enable NAME";
  return finding;
}

}  // namespace

Doctor::Doctor(Context& context, Prober& prober, DiagnoseSpec spec, absl::AnyInvocable<void(const hub::Finding&)> tell,
               absl::AnyInvocable<void()> done)
    : context_(context), prober_(prober), spec_(std::move(spec)), tell_(std::move(tell)), done_(std::move(done)) {
  token_ = std::move(spec_.token);
}

void Doctor::Await(size_t parts, void (Doctor::*next)()) {
  next_ = next;
  awaited_ += parts;
}

void Doctor::Arrived() {
  if (--awaited_ == 0) (this->*next_)();
}

void Doctor::Tell(hub::Finding finding) {
  if (finding.severity == hub::Severity::kProblem) blockers_.push_back(finding);
  tell_(finding);
}

void Doctor::Hold(hub::Finding finding) {
  if (any_works_) finding.severity = std::min(finding.severity, hub::Severity::kWarning);
  if (any_works_ || finding.severity < hub::Severity::kProblem) return tell_(finding);
  held_.push_back(std::move(finding));
}

void Doctor::Works(Side& side) {
  if (side.out) return;
  side.works = any_works_ = true;
  for (hub::Finding& finding : std::exchange(held_, {})) Hold(std::move(finding));
}

hub::AskedFor Doctor::Asked(const Side& side) const {
  hub::AskedFor asked;
  asked.repo = repo();
  asked.revision = spec_.revision;
  asked.source = ConfigOf(side).name;
  asked.endpoint = context_.sources.HomeOf(side.source);
  if (evidence_.account) asked.account = evidence_.account->name;
  return asked;
}

// --- who answers

void Doctor::Begin() {
  const absl::Time now = context_.clock.Steady();
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    if (context_.sources.at(i).off || context_.sources.at(i).config.dialect != "huggingface") continue;
    Side& side = sides_.emplace_back();
    side.source = i;
    const auto why = context_.sources.Out(i, now);
    side.out = why.has_value();
    if (why) Tell(NotUsed(ConfigOf(side), *why));
  }
  if (sides_.empty()) Tell(NoSource());
  Await(sides_.size() + 1, &Doctor::LookAtToken);
  LookAtFolders();
  for (Side& side : sides_) {
    side.check = std::make_unique<SourceCheck>(
        context_, side.source, repo(), spec_.repo ? spec_.revision : "main",
        lifetime_.Guard([this, &side](SourceCheck::Result result) { OnChecked(side, std::move(result)); }));
  }
}

void Doctor::LookAtFolders() {
  struct Seen {
    std::vector<hub::FolderEvidence> folders;
    Secret own;
  };
  auto seen = std::make_shared<Seen>();
  FolderWish wish{spec_.cache_dir.empty() ? context_.config.cache_dir : spec_.cache_dir, spec_.local_dir, context_.config.state_dir,
                  spec_.repo};
  const bool wants_own = token_.empty() && !spec_.anonymous && context_.config.find_token != nullptr;
  context_.disk.Run(
      [seen, wish = std::move(wish), find = wants_own ? context_.config.find_token : nullptr](FileSystem& fs) {
        seen->folders = TryFolders(fs, wish);
        if (find != nullptr) seen->own = find();
        return absl::OkStatus();
      },
      lifetime_.Guard([this, seen](absl::Status) {
        for (const hub::FolderEvidence& folder : seen->folders) Tell(hub::JudgeFolder(folder));
        if (!seen->own.empty()) {
          token_ = std::move(seen->own);
          spec_.token_is_ambient = true;
          spec_.token_origin = "the daemon's own";
        }
        Arrived();
      }));
}

void Doctor::OnChecked(Side& side, SourceCheck::Result result) {
  const auto finished = std::move(side.check);  // lives until this function ends
  side.info = result.reply.seen;
  if (side.info.end == hub::RouteEvidence::End::kAnswered) {
    if (const auto ahead = hub::ClockAhead(side.info.headers, result.reply.came)) clocks_.push_back({side.info.source, *ahead});
  }
  auto trouble = hub::RouteTrouble(side.info);
  if (!trouble) trouble = hub::AnswerTrouble(side.info, ConfigOf(side).endpoint, result.right, context_.clock.Wall());
  if (trouble) {
    Hold(*std::move(trouble));
    return Arrived();
  }
  side.hub = true;
  Tell(Reachable(result.reply));
  if (auto used_up = hub::WindowUsedUp(side.info)) {
    used_up->severity = hub::Severity::kWarning;
    Tell(*std::move(used_up));
  }
  ProveIfMirror(side);
}

void Doctor::ProveIfMirror(Side& side) {
  const auto authority = context_.sources.Authority();
  if (authority == side.source) return Arrived();
  side.canary = std::make_unique<CanaryRound>(
      context_, side.source, authority, lifetime_.Guard([this, &side](hub::CanaryResult result) {
        const auto finished = std::move(side.canary);  // lives until this function ends
        const bool wanted = !token_.empty() && context_.sources.WouldSendToken(side.source);
        Tell(hub::JudgeAuthorization(ConfigOf(side).name, result, wanted));
        Arrived();
      }));
}

// --- whose token it is

void Doctor::LookAtToken() {
  if (auto clock = hub::JudgeClock(clocks_)) Tell(*std::move(clock));
  evidence_.present = !token_.empty();
  evidence_.forbidden = spec_.anonymous;
  evidence_.ambient = spec_.token_is_ambient;
  evidence_.hint = token_.Redacted();
  evidence_.origin = spec_.token_origin;
  evidence_.home = sides_.empty() ? "https://huggingface.co" : context_.sources.HomeOf(sides_.front().source);
  Await(1, &Doctor::AskForRepo);
  if (token_.empty()) {
    Tell(hub::JudgeToken(evidence_));
    return Arrived();
  }
  prober_.ProveAll(lifetime_.Guard([this] {
    for (const Side& side : sides_) {
      if (!side.out && context_.sources.MaySendToken(side.source)) evidence_.may_be_seen = true;
    }
    account_ = std::make_unique<AccountQuery>(
        context_, token_, lifetime_.Guard([this](AccountAnswer said) { OnAccount(std::move(said)); }));
  }));
}

void Doctor::OnAccount(AccountAnswer said) {
  const auto finished = std::move(account_);  // lives until this function ends
  evidence_.source = said.source;
  evidence_.why = said.error.message;
  evidence_.account = std::move(said.account);
  if (evidence_.account) {
    evidence_.word = hub::TokenEvidence::Word::kAccepted;
  } else if (said.error.cause == core::ErrorCause::kUnauthorized) {
    evidence_.word = hub::TokenEvidence::Word::kRefused;
  }
  Tell(hub::JudgeToken(evidence_));
  Arrived();
}

// --- what is known of the repo

void Doctor::AskSide(Side& side, Question::Wish wish, absl::AnyInvocable<void(Question::Reply)> then) {
  wish.source = side.source;
  side.question = std::make_unique<Question>(
      context_, std::move(wish), lifetime_.Guard([&side, then = std::move(then)](Question::Reply reply) mutable {
        const auto finished = std::move(side.question);  // lives until this function ends
        then(std::move(reply));
      }));
}

bool Doctor::SendsToken(const Side& side, bool guarded) const {
  const bool always = ConfigOf(side).token_policy == core::TokenPolicy::kAlways;
  return token_usable() && (guarded || always) && context_.sources.MaySendToken(side.source);
}

void Doctor::AskForRepo() {
  Await(sides_.size() + 1, &Doctor::JudgeVoices);
  for (Side& side : sides_) {
    const bool open = side.hub && side.info.status == 200;
    side.token_sent = side.hub && !open && SendsToken(side, true);
    if (!side.token_sent) {
      if (side.hub) TakeVoice(side, side.info);
      Arrived();
      continue;
    }
    Question::Wish wish;
    wish.url = hub::InfoUrl(ConfigOf(side).endpoint, repo(), spec_.repo ? spec_.revision : "main");
    wish.bearer = token_;
    AskSide(side, std::move(wish), [this, &side](Question::Reply reply) {
      TakeVoice(side, std::move(reply.seen));
      Arrived();
    });
  }
  Arrived();
}

void Doctor::TakeVoice(Side& side, hub::RouteEvidence seen) {
  if (seen.end != hub::RouteEvidence::End::kAnswered || side.out) return;
  hub::RepoVoice voice;
  voice.source = seen.source;
  voice.authority = ConfigOf(side).authority;
  voice.token_sent = side.token_sent;
  voice.error = hub::ClassifyError(seen.status, seen.headers, seen.body, true, context_.clock.Wall());
  if (seen.status == 200) {
    auto info = hub::ParseInfo(seen.body);
    if (!info.ok()) return;
    voice.info = *std::move(info);
    side.commit = voice.info.commit;
  }
  voices_.push_back(std::move(voice));
}

void Doctor::JudgeVoices() {
  const hub::RepoVoice* voice = hub::Decisive(voices_);
  if (voice == nullptr) return Conclude();
  const bool there = voice->error.kind == hub::HubErrorKind::kNone;
  if (spec_.repo) {
    const auto source = context_.sources.Find(voice->source);
    for (const Side& side : sides_) {
      if (side.source == source) Tell(hub::JudgeRepo(*voice, Asked(side), !token_.empty()));
    }
  }
  if (there) {
    pinned_ = voice->info.commit;
    file_ = hub::TypicalFile(voice->info.siblings);
    guarded_ = voice->info.is_private || voice->info.gated;
    return AskForBytes();
  }
  // A hub without the repo of the probes is a hub for all that; one without the repo that was asked for is no use.
  for (Side& side : sides_) {
    if (!spec_.repo && side.hub) Works(side);
  }
  Conclude();
}

// --- whether bytes come

void Doctor::AskForBytes() {
  Await(sides_.size() + 1, &Doctor::Conclude);
  for (Side& side : sides_) {
    side.token_sent = SendsToken(side, guarded_);
    if (!side.hub) {
      Arrived();
    } else if (side.commit == pinned_) {
      AskForByte(side);
    } else {
      AskForPinned(side);
    }
  }
  Arrived();
}

void Doctor::AskForPinned(Side& side) {
  Question::Wish wish;
  wish.url = hub::InfoUrl(ConfigOf(side).endpoint, repo(), pinned_);
  if (side.token_sent) wish.bearer = token_;
  AskSide(side, std::move(wish), [this, &side](Question::Reply reply) {
    const auto lag = hub::JudgeLag(ConfigOf(side).name, pinned_, side.commit, reply.seen.status != 404);
    if (!lag) return AskForByte(side);
    Hold(*lag);
    Arrived();
  });
}

void Doctor::AskForByte(Side& side) {
  if (file_.empty()) {  // an empty repo: the listing is all there is
    Works(side);
    return Arrived();
  }
  Question::Wish wish;
  wish.url = hub::ResolveUrl(ConfigOf(side).endpoint, repo(), pinned_, file_);
  wish.bytes = true;
  if (side.token_sent) wish.bearer = token_;
  AskSide(side, std::move(wish), [this, &side](Question::Reply reply) { OnByte(side, std::move(reply)); });
}

void Doctor::OnByte(Side& side, Question::Reply reply) {
  hub::BytesEvidence seen;
  seen.last = std::move(reply.seen);
  seen.at_hub = reply.at_hub;
  seen.token_sent = side.token_sent;
  seen.token_present = !token_.empty();
  seen.asked = Asked(side);
  seen.asked.path = file_;
  hub::Finding finding = hub::JudgeBytes(seen, context_.clock.Wall());
  if (finding.severity == hub::Severity::kOk) Works(side);
  Hold(std::move(finding));
  Arrived();
}

void Doctor::Conclude() {
  std::vector<std::string> works;
  for (const Side& side : sides_) {
    if (side.works) works.push_back(ConfigOf(side).name);
  }
  for (hub::Finding& finding : std::exchange(held_, {})) Tell(std::move(finding));
  Tell(hub::JudgePull(spec_.repo ? spec_.repo->name : "", works, blockers_));
  done_();
}

}  // namespace hfget::engine
